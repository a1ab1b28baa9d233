/* SPDX-License-Identifier: Apache-2.0 */
#include "os/huge_pages.h"
#include "os/file.h"
#include <errno.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* A page of a page table has an entry of 8 bytes for each page of a huge page. */
size_t mms__huge_page(void)
{
    size_t page = mms__page_size();

    return sizeof(void *) < 8 ? 0 : page / 8 * page;
}

/* Reserve more than is needed, and give it back. The address is only a hint then: if another
   thread maps something there first, the kernel chooses another one. */
void *mms__find_aligned(size_t size)
{
    size_t huge = mms__huge_page();
    struct mms__mapping more;
    uintptr_t start;

    if (sizeof(void *) < 8 || size < huge || mms__map_reserve(size + huge, &more) != 0)
        return NULL;
    start = (uintptr_t)mms__round_up((uintptr_t)more.base, huge);
    mms__unmap(&more);
    return (void *)start;
}

/* The kernel checks that it knows the request before it looks at the length. */
bool mms__can_collapse(void)
{
    return madvise((void *)mms__page_size(), 0, MADV_COLLAPSE) == 0;
}

/* The kernel makes no huge page where there is nothing at all, so populate one small page in each.
   To populate the rest as well would cost more than all of this. */
static int touch(unsigned char *start, size_t size)
{
    int code = 0;

    for (size_t at = 0; at < size && code == 0; at += mms__huge_page())
        code = mms__populate_or_refuse(start + at, 1);
    return code;
}

/* A page that is moving between lists of the kernel is ready a moment later. */
enum { COLLAPSE_TRIES = 3 };

static int collapse(unsigned char *start, size_t size)
{
    int code = touch(start, size);

    for (int tries = 0; code == 0 && tries < COLLAPSE_TRIES; tries++) {
        if (madvise(start, size, MADV_COLLAPSE) == 0)
            return 0;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return code == 0 ? -EAGAIN : code;
}

/* How many to ask for at a time. A piece that fails counts as small pages, even if some of it was
   made huge. */
enum { HUGE_PAGES_AT_ONCE = 16 };

static int collapse_pieces(unsigned char *start, size_t size, uint64_t *made)
{
    size_t piece = HUGE_PAGES_AT_ONCE * mms__huge_page();
    int result = 0;

    for (size_t at = 0; at < size; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        int code = collapse(start + at, length);

        if (code == 0)
            *made += length;
        else
            result = code;
        if (code != 0 && code != -EAGAIN) /* the next would fare no better */
            break;
    }
    return result;
}

/* Uses a mapping of its own, because those in use may have been told to refuse huge pages. */
int mms__collapse(int fd, uint64_t offset, uint64_t size, uint64_t *made)
{
    void *base = mmap(mms__find_aligned((size_t)size), (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                      fd, (off_t)offset);
    int code;

    *made = 0;
    if (base == MAP_FAILED)
        return -errno;
    code = (uintptr_t)base % mms__huge_page() == 0 ? collapse_pieces(base, (size_t)size, made) : -EAGAIN;
    munmap(base, (size_t)size);
    return code;
}
