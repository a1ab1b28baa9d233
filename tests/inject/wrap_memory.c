/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, with a ledger of what is held. Built without the compiler's knowledge of malloc (-fno-builtin). */
#include "inject.h"
#include <stdint.h>
#include <sys/mman.h>

#define MMAP INJECT_LARGE(mmap)

void *INJECT_REAL(MMAP)(void *at, size_t size, int protection, int flags, int fd, int64_t offset);
void *INJECT_WRAP(MMAP)(void *at, size_t size, int protection, int flags, int fd, int64_t offset);
void *INJECT_WRAP(MMAP)(void *at, size_t size, int protection, int flags, int fd, int64_t offset)
{
    void *base = inject_due(INJECT_mmap) ? MAP_FAILED : INJECT_REAL(MMAP)(at, size, protection, flags, fd, offset);

    if (base != MAP_FAILED && !(flags & MAP_FIXED)) /* that replaces another */
        inject_held.maps++;
    return base;
}

/* Unmaps and then fails: a mapping that stays would hold its lock, as it must, and nobody could do
   anything about it. */
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size)
{
    int result = __real_munmap(at, size);

    if (result == 0)
        inject_held.maps--;
    return inject_due(INJECT_munmap) ? -1 : result;
}

INJECT(mremap, void *, MAP_FAILED, mremap, (void *at, size_t old_size, size_t size, int flags),
       (at, old_size, size, flags))
INJECT(msync, int, -1, msync, (void *at, size_t size, int flags), (at, size, flags))
INJECT(madvise, int, -1, madvise, (void *at, size_t size, int advice), (at, size, advice))

static void *held(void *block)
{
    inject_held.blocks += block != NULL;
    return block;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return inject_due(INJECT_malloc) ? NULL : held(__real_malloc(size));
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return inject_due(INJECT_calloc) ? NULL : held(__real_calloc(count, size));
}

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
    bool is_new = block == NULL;
    void *result = inject_due(INJECT_realloc) ? NULL : __real_realloc(block, size);

    return is_new ? held(result) : result;
}

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
    inject_held.blocks -= block != NULL;
    __real_free(block);
}
