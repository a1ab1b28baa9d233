/* SPDX-License-Identifier: Apache-2.0 */
/* What the core's sources call and the models leave out: messages, files, forks, clocks. Where a stub stands for
   something that matters, as the kernel's locks and futexes do, it says how. */
#ifndef MODEL_STUBS_H
#define MODEL_STUBS_H

/* Nobody cancels threads here. In the place of os/cancel.h. */
#define MMS_OS_CANCEL_H
#define PTHREAD_CANCEL_DISABLE 0
#define MMS__HOLD_CANCEL(before) int before __attribute__((unused)) = 0
#define pthread_cleanup_push(call, argument) ((void)(call), (void)(argument))
#define pthread_cleanup_pop(execute) ((void)0)
#define mms__sleep_cancellable(nanoseconds, before) ((void)(before))

/* In the place of the inline function, over a page that a fork empties: nobody forks here. */
#define mms__process_token mms__process_token_where_others_fork
#include "os/process.h"
#undef mms__process_token
#define mms__process_token() UINT64_C(0)

#include "base/libc.h" /* first: it has a NAME of its own for a while */

#include "backend.h"
#include "base/error.h"
#include "handle/lock.h"
#include "handle/writer.h"
#include "os/clock.h"
#include "os/futex.h"
#include "os/membarrier.h"
#include "region/boot.h"
#include "region/directory.h"
#include "region/durable.h"
#include "region/files.h"
#include "region/pool.h"
#include "region/protocol.h"
#include "region/region.h"
#include "region/writer_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define mms__fail(code, ...) (code)
#define mms__fail_unpinnable(region, word) ((word) == MMS__TOMBSTONE ? MMS_E_GONE : MMS_E_EMPTY)
#define mms__region_fail_gone(region) MMS_E_GONE
#define mms__region_fail_empty(region) MMS_E_EMPTY
#define mms__fail_errno(...) (-errno)
#define mms__populate(start, size, for_writing) 0
#define mms__region_is_gone(region) false
#define mms__region_glance(region) false
#define mms__lock_file_is_kept(file) true
#define mms__writer_fail_gone(writer) MMS_E_GONE
#define mms__file_ensure(file, path, name, flags) 0
#define mms__file_close(file) ((void)0)
#define mms__fork_hold() ((void)0)
#define mms__fork_release() ((void)0)
#define mms__thread_token() 1
#define mms__process_start() 1
#define mms__place_open_any(place) 0
#define mms__place_close(place) ((void)0)
#define mms__region_open_readers(place, header, writable, file) 0
#define mms__durable_recover(writer, floor) 0 /* no region here is */
#define mms__durable_is_behind(writer) false
#define mms__durable_start(writer) 0
#define mms__durable_commit(writer, slot) 0
#define mms__sleep_ns(nanoseconds) ((void)0)
#define mms__now_ns() 0
#define mms__deadline(milliseconds) 1
#define getpid() 1
#define syscall(...) 1

/* Of another boot, if the ids say so. */
#define mms__boot_judge(control) MMS__ANOTHER_BOOT
#define mms__boot_now(now) (memset((now), 0, sizeof *(now)), mms__boot_id((now)->id))

int mms__writer_look_at_lock(const struct mms_writer *writer, const struct mms__file *lock)
{
    (void)writer, (void)lock;
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
bool mms__membarrier_works(void)
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
