// The few functions that glibc has only since 2.35, so that a program built on a newer system also
// starts on 2.34. Linked into packaged programs only.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define HIDDEN __attribute__((visibility("hidden")))

// Of Swift's Glibc module. glibc 2.35 has a new version of it. A double can hold any square of a
// float, so nothing overflows on the way.
HIDDEN float hypotf(float x, float y) {
    if (__builtin_isinf(x) || __builtin_isinf(y)) return __builtin_inff();
    double sum = (double)x * x + (double)y * y;
    double root;
    __asm__("sqrtsd %1, %0" : "=x"(root) : "x"(sum));
    return (float)root;
}

struct search {
    uintptr_t address;
    struct dl_find_object *result;
};

static int look_into(struct dl_phdr_info *info, size_t size, void *context) {
    struct search *search = context;
    const ElfW(Phdr) *unwinding = NULL;
    uintptr_t start = UINTPTR_MAX, end = 0;
    (void)size;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = info->dlpi_phdr + index;
        uintptr_t first = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_GNU_EH_FRAME) unwinding = header;
        if (header->p_type != PT_LOAD) continue;
        if (first < start) start = first;
        if (first + header->p_memsz > end) end = first + header->p_memsz;
    }
    if (search->address < start || search->address >= end) return 0;
    if (unwinding == NULL) return 1;
    search->result->dlfo_map_start = (void *)start;
    search->result->dlfo_map_end = (void *)end;
    search->result->dlfo_eh_frame = (void *)(info->dlpi_addr + unwinding->p_vaddr);
    return 2;
}

// Of libgcc's unwinder, which asks where the frames of an address are described.
HIDDEN int _dl_find_object(void *address, struct dl_find_object *result) {
    struct search search = {(uintptr_t)address, result};
    memset(result, 0, sizeof *result);
    return dl_iterate_phdr(look_into, &search) == 2 ? 0 : -1;
}

// Of libstdc++'s random_device. glibc has it only since 2.36.
HIDDEN uint32_t arc4random(void) {
    uint32_t number;
    while (getrandom(&number, sizeof number, 0) != sizeof number) {}
    return number;
}
