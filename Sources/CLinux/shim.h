// What Glibc's Swift module leaves out: epoll, accept4, eventfd, mallopt, closefrom for children, and
// what the kernel put on the stack of a new process.
#pragma once
#include <malloc.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

// glibc declares these only under _GNU_SOURCE. Defining that here would make this module disagree
// with Glibc on structures that both declare.
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// epoll_event holds a union that Swift can't set directly.
static inline int shim_epoll_set(int poll, int operation, int descriptor, uint32_t events, uint64_t tag) {
    struct epoll_event event = {.events = events, .data = {.u64 = tag}};
    return epoll_ctl(poll, operation, descriptor, &event);
}

static inline uint64_t shim_epoll_tag(const struct epoll_event *event) {
    return event->data.u64;
}

extern char **environ;

static inline char **shim_environment(void) {
    return environ;
}

// The words that the process was started with, found without /proc; NULL where they are not where
// the kernel puts them. It lays out, upwards: their number, the words, NULL, the environment. (System
// V ABI, "Process Initialization"; the same on arm64.) Good until something sets a variable, which
// moves the environment.
static inline char **shim_arguments(void) {
    if (environ == NULL || environ[-1] != NULL) return NULL;
    char **first = environ - 1;
    // No word lies at an address as small as their number. A command line has at most 6 MiB.
    for (intptr_t count = 0; count < 1 << 20; count++, first--) {
        if ((intptr_t)first[-1] == count) return first;
    }
    return NULL;
}
