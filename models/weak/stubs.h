/* SPDX-License-Identifier: Apache-2.0 */
/* What the core's sources call and the models leave out: messages, files, forks, clocks. Where a stub stands for
   something that matters, as the kernel's locks and futexes do, it says how. */
#ifndef MODEL_STUBS_H
#define MODEL_STUBS_H

#include "core/libc.h" /* first: it has a NAME of its own for a while */

#include "backend.h"
#include "core/attach.h"
#include "core/barrier.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/futex.h"
#include "core/lock.h"
#include "core/pool.h"
#include "core/protocol.h"
#include "core/region.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define mms__fail(code, ...) (code)
#define mms__fail_unpinnable(region, word) ((word) == MMS__TOMBSTONE ? MMS_E_GONE : MMS_E_EMPTY)
#define mms__fail_errno(...) (-errno)
#define mms__populate(start, size, for_writing) 0
#define mms__region_was_unlinked(region) false
#define mms__file_ensure(file, path, name, flags) 0
#define mms__file_close(file) ((void)0)
#define mms__fork_hold() ((void)0)
#define mms__fork_release() ((void)0)
#define mms__thread_token() 1
#define mms__process_start() 1
#define mms__place_enter(place, trust) ((void)(trust), 0)
#define mms__place_leave(place) ((void)0)
#define mms__attach_readers(place, header, writable, file) 0
#define mms__sleep_ns(nanoseconds) ((void)0)
#define mms__now_ns() 0
#define mms__deadline(milliseconds) 1
#define getpid() 1
#define syscall(...) 1

uint64_t mms__process_token(void)
{
    return 0;
}

/* Set by the scenario: membarrier is refused from then on. */
static bool membarrier_is_refused(void);

int mms__membarrier(void)
{
    if (membarrier_is_refused())
        return -EPERM;
    MEMBARRIER();
    return 0;
}

/* Without a barrier: that the call itself is one is no part of any proof. */
int mms__membarrier_works(void)
{
    return !membarrier_is_refused();
}

/* The kernel's byte locks, one mutex for each owner: a locked region of its code orders like one of ours. */
static pthread_mutex_t owner_bytes[4] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                         PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

int mms__lock_byte(int fd, int64_t offset)
{
    (void)fd;
    return pthread_mutex_trylock(&owner_bytes[offset - MMS__LOCK_BASE]) == 0 ? 0 : -EAGAIN;
}

void mms__unlock_byte(int fd, int64_t offset)
{
    (void)fd;
    pthread_mutex_unlock(&owner_bytes[offset - MMS__LOCK_BASE]);
}

#endif
