/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/watch.h"
#include "base/error.h"
#include "handle/watcher.h"
#include "os/futex.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Opening and closing descriptors: one thread of a process at a time. Before any watcher's mutex. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static bool has_handlers;
static struct mms__watcher *watchers; /* of the process with this token */
static uint64_t watchers_of;

/* ---- fork: a child has no watchers ---- */

static void hold(void)
{
    pthread_mutex_lock(&opening);
}

static void release(void)
{
    pthread_mutex_unlock(&opening);
}

static void register_handlers(void)
{
    has_handlers = pthread_atfork(hold, release, release) == 0;
}

/* Before anybody can hold `opening`: a fork that had begun without the handlers would leave it held in the child. */
void mms__watch_get_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, register_handlers);
}

static int enter(void)
{
    hold();
    if (!has_handlers) /* there was no memory: try again */
        register_handlers();
    if (watchers_of != mms__process_token())
        watchers = NULL;
    watchers_of = mms__process_token();
    if (has_handlers)
        return 0;
    release();
    return -ENOMEM;
}

/* ---- Watchers ---- */

static struct mms__watcher *watcher_new(void)
{
    struct mms__watcher *watcher = calloc(1, sizeof *watcher);

    if (!watcher)
        return NULL;
    pthread_mutex_init(&watcher->mutex, NULL);
    pthread_cond_init(&watcher->awake, NULL);
    watcher->has_any = mms__futex_has_any();
    watcher->next = watchers;
    watchers = watcher;
    return watcher;
}

static struct mms__watcher *watcher_with_room(void)
{
    for (struct mms__watcher *watcher = watchers; watcher; watcher = watcher->next)
        if (watcher->watch_count < mms__watcher_capacity(watcher))
            return watcher;
    return watcher_new();
}

/* In a child the mutex may be held by a thread that is not there. */
static void watcher_drop(struct mms__watcher *watcher, bool inherited)
{
    if (--watcher->watch_count > 0)
        return;
    if (!inherited) {
        struct mms__watcher **link = &watchers;

        while (*link != watcher)
            link = &(*link)->next;
        *link = watcher->next;
        pthread_cond_destroy(&watcher->awake);
        pthread_mutex_destroy(&watcher->mutex);
    }
    free(watcher);
}

/* ---- Regions ---- */

/* The region's, which is made at its first descriptor and stays until the region is freed. */
static struct mms__watch *watch_of(const struct mms_region *region)
{
    return mms__load_acquire(&region->watch); /* pair: watch_new */
}

static struct mms__watch *watch_new(struct mms_region *region)
{
    struct mms__watch *watch = calloc(1, sizeof *watch);
    struct mms__watcher *watcher = watch ? watcher_with_room() : NULL;

    if (!watcher) {
        free(watch);
        return NULL;
    }
    watch->region = region;
    watch->watcher = watcher;
    watcher->watch_count++;
    pthread_mutex_lock(&watcher->mutex);
    watch->next = watcher->watches;
    watcher->watches = watch;
    pthread_mutex_unlock(&watcher->mutex);
    mms__store_release(&region->watch, watch);
    return watch;
}

static void watch_leave(struct mms__watch *watch)
{
    struct mms__watch **link = &watch->watcher->watches;

    pthread_mutex_lock(&watch->watcher->mutex);
    while (*link != watch)
        link = &(*link)->next;
    *link = watch->next;
    pthread_mutex_unlock(&watch->watcher->mutex);
}

/* ---- Descriptors ---- */

static void fd_free(struct mms__wait_fd *fd)
{
    mms__file_close(&fd->reading);
    mms__file_close(&fd->writing);
    free(fd);
}

/* A pipe, as each of its ends can be told from other files, so that nothing is ever written to a file of the host's that has
   got the number. And one page is enough. */
static int fd_make(struct mms__wait_fd *fd)
{
    int ends[2], code;

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    code = mms__file_adopt(ends[0], &fd->reading);
    if (code != 0) {
        close(ends[1]);
        return code;
    }
    code = mms__file_adopt(ends[1], &fd->writing);
    if (code == 0)
        (void)fcntl(fd->writing.fd, F_SETPIPE_SZ, (int)mms__page_size());
    return code;
}

static int fd_new(const struct mms_region *region, struct mms__wait_fd **out)
{
    struct mms__wait_fd *fd = calloc(1, sizeof *fd);
    int code = -ENOMEM;

    if (fd) {
        fd->reading = fd->writing = MMS__NO_FILE;
        code = fd_make(fd);
    }
    if (code == 0) {
        *out = fd;
        return 0;
    }
    if (fd)
        fd_free(fd);
    return mms__fail(code, "waiting for %s: making a descriptor", region->place.path);
}

/* With the watcher's mutex held. The newest first: an older one with the same number was closed by hand. */
static struct mms__wait_fd **fd_find(struct mms__watch *watch, int number)
{
    struct mms__wait_fd **link = &watch->fds;

    while (*link && (*link)->reading.fd != number)
        link = &(*link)->next;
    return link;
}

static int fail_unknown(const struct mms_region *region, int number)
{
    return mms__fail(MMS_E_INVALID, "waiting for %s: mms_wait_fd has not opened descriptor %d for it",
                     region->place.path, number);
}

/* ---- Opening ---- */

/* With `opening` held. The thread runs while there are descriptors. */
static int ensure_watch(struct mms_region *region, struct mms__watch **out)
{
    struct mms__watch *watch = watch_of(region);
    int code;

    if (!watch)
        watch = watch_new(region);
    if (!watch)
        return mms__fail(-ENOMEM, "waiting for %s: making a descriptor", region->place.path);
    code = watch->watcher->fd_count == 0 ? mms__watcher_start(watch->watcher) : 0;
    if (code != 0) /* EAGAIN means another thing elsewhere */
        return mms__fail(code == -EAGAIN ? -ENOMEM : code,
                         "waiting for %s: no thread could be started (ulimit -u, or the container's pids limit)",
                         region->place.path);
    *out = watch;
    return 0;
}

static void add(struct mms__watch *watch, struct mms__wait_fd *fd)
{
    struct mms__watcher *watcher = watch->watcher;

    watcher->fd_count++;
    pthread_mutex_lock(&watcher->mutex);
    fd->next = watch->fds;
    watch->fds = fd;
    mms__watcher_kick(watcher);
    pthread_mutex_unlock(&watcher->mutex);
}

/* With `opening` held, which holds forks off: a child would inherit a descriptor that no region of its own has. */
static int open_fd(struct mms_region *region, int *number)
{
    struct mms__wait_fd *fd = NULL;
    struct mms__watch *watch = NULL;
    int code = fd_new(region, &fd);

    if (code != 0)
        return code;
    code = ensure_watch(region, &watch);
    if (code != 0) {
        fd_free(fd);
        return code;
    }
    add(watch, fd);
    *number = fd->reading.fd;
    return 0;
}

int mms__watch_open_fd(struct mms_region *region, int *number)
{
    int code = enter();

    if (code != 0)
        return mms__fail(code, "waiting for %s: making a descriptor", region->place.path);
    code = open_fd(region, number);
    release();
    return code;
}

/* ---- Closing ---- */

/* With `opening` held. Returns when the watcher uses nothing of a region without descriptors any more. */
static void wait_until_unused(struct mms__watch *watch)
{
    struct mms__watcher *watcher = watch->watcher;

    if (--watcher->fd_count == 0) {
        mms__watcher_stop(watcher);
        return;
    }
    pthread_mutex_lock(&watcher->mutex);
    if (!watch->fds && watch->asleep)
        mms__watcher_kick(watcher);
    while (!watch->fds && watch->asleep)
        pthread_cond_wait(&watcher->awake, &watcher->mutex);
    pthread_mutex_unlock(&watcher->mutex);
}

int mms__watch_close_fd(struct mms_region *region, int number)
{
    struct mms__watch *watch = watch_of(region);
    struct mms__wait_fd **link, *fd;

    if (!watch)
        return fail_unknown(region, number);
    hold();
    pthread_mutex_lock(&watch->watcher->mutex);
    link = fd_find(watch, number);
    fd = *link;
    if (fd)
        *link = fd->next;
    pthread_mutex_unlock(&watch->watcher->mutex);
    if (fd) {
        wait_until_unused(watch);
        fd_free(fd);
    }
    release();
    return fd ? 0 : fail_unknown(region, number);
}

unsigned mms__watch_count(struct mms_region *region)
{
    struct mms__watch *watch = watch_of(region);
    unsigned count = 0;

    if (!watch)
        return 0;
    pthread_mutex_lock(&watch->watcher->mutex);
    for (const struct mms__wait_fd *fd = watch->fds; fd; fd = fd->next)
        count++;
    pthread_mutex_unlock(&watch->watcher->mutex);
    return count;
}

void mms__watch_free(struct mms_region *region, bool inherited)
{
    struct mms__watch *watch = watch_of(region);

    if (!watch)
        return;
    hold();
    if (!inherited)
        watch_leave(watch);
    watcher_drop(watch->watcher, inherited);
    release();
    while (watch->fds) {
        struct mms__wait_fd *fd = watch->fds;

        watch->fds = fd->next;
        fd_free(fd);
    }
    free(watch);
    region->watch = NULL;
}

/* ---- Acknowledging ---- */

/* Take the byte out, if there is one. -EBADF if the host has closed one of the ends. */
static int lower(struct mms__wait_fd *fd)
{
    char byte;

    if (!mms__file_is_ours(&fd->reading) || !mms__file_is_ours(&fd->writing))
        return -EBADF;
    if (fd->raised)
        while (read(fd->reading.fd, &byte, 1) < 0 && errno == EINTR)
            continue;
    fd->raised = false;
    return 0;
}

/* By mms_remove, or by hand, as far as this process has noticed. */
static bool is_gone(struct mms_region *region)
{
    return mms__load_relaxed(&region->gone) || region->backend->is_removed(region);
}

/* With the mutex held. The one generation that is loaded is both returned and acknowledged, so whatever is newer raises the
   descriptor again. */
static int acknowledge(struct mms__watch *watch, struct mms__wait_fd *fd, uint64_t *generation)
{
    struct mms_region *region = watch->region;
    int code = is_gone(region) ? MMS_E_GONE : lower(fd);

    if (code == 0) {
        fd->acknowledged = region->backend->generation(region);
        *generation = fd->acknowledged;
    }
    watch->sleep.longest_ns = 0; /* of a process that has to look again and again */
    if (!watch->asleep)
        mms__watcher_kick(watch->watcher);
    return code;
}

static int fail_acknowledge(const struct mms_region *region, int number, int code)
{
    if (code == MMS_E_INVALID)
        return fail_unknown(region, number);
    if (code == MMS_E_GONE)
        return mms__region_fail_gone(region);
    return mms__fail(code,
                     "waiting for %s: this process has closed descriptor %d, or one that belongs to it; close it "
                     "with mms_wait_fd_close, and open another",
                     region->place.path, number);
}

int mms__watch_acknowledge(struct mms_region *region, int number, uint64_t *generation)
{
    struct mms__watch *watch = watch_of(region);
    struct mms__wait_fd *fd;
    int code = MMS_E_INVALID;

    if (!watch)
        return fail_unknown(region, number);
    (void)mms__region_glance(region);
    pthread_mutex_lock(&watch->watcher->mutex);
    fd = *fd_find(watch, number);
    if (fd)
        code = acknowledge(watch, fd, generation);
    pthread_mutex_unlock(&watch->watcher->mutex);
    return code == 0 ? 0 : fail_acknowledge(region, number, code);
}
