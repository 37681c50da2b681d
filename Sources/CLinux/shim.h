// What Glibc's Swift module leaves out: epoll, accept4, eventfd, mallopt and closefrom for children.
#pragma once
#include <malloc.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <stdint.h>

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
