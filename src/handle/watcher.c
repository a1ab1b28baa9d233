/* SPDX-License-Identifier: Apache-2.0 */
/* No wake is lost (G8): whenever the watcher goes to sleep, the newest generation is acknowledged by every descriptor that
   is not readable, as seen after the watcher got ready to be woken by the next publish. Whoever acknowledges loads the
   generation after the byte was taken out, and kicks the watcher unless that is ready already. */
#include "handle/watcher.h"
#include "handle/region.h"
#include "os/cancel.h"
#include "os/futex.h"
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LONGEST_NS UINT64_C(3600000000000)

/* How long it sleeps for a region if it cannot wait for a kick at the same time. */
#define DEAF_NS UINT64_C(50000000)

enum { STACK = 128 << 10 };

unsigned mms__watcher_capacity(const struct mms__watcher *watcher)
{
    return watcher->has_any ? MMS__FUTEXES_MAX - 1 : 1;
}

void mms__watcher_kick(struct mms__watcher *watcher)
{
    mms__store_relaxed(&watcher->kicks, watcher->kicks + 1);
    mms__futex_wake_all(&watcher->kicks);
}

/* ---- Descriptors ---- */

/* Only this thread writes, as it blocks SIGPIPE. If the host has closed our end, the other one is at its end, and thus
   readable. */
static void raise_fd(struct mms__wait_fd *fd)
{
    fd->raised = true;
    if (mms__file_is_ours(&fd->writing))
        while (write(fd->writing.fd, "", 1) < 0 && errno == EINTR)
            continue;
}

/* Raise those for which there is something else than this generation. True if others are left. */
static bool raise_due(struct mms__watch *watch, uint64_t generation)
{
    bool left = false;

    for (struct mms__wait_fd *fd = watch->fds; fd; fd = fd->next) {
        if (!fd->raised && fd->acknowledged != generation)
            raise_fd(fd);
        left |= !fd->raised;
    }
    return left;
}

static void raise_all(struct mms__watch *watch)
{
    for (struct mms__wait_fd *fd = watch->fds; fd; fd = fd->next)
        if (!fd->raised)
            raise_fd(fd);
}

/* ---- Regions ---- */

/* It got ready before, and has not been woken since: the next publish still changes the word. If its time is over by now,
   the sleep ends at once. */
static bool is_ready(const struct mms__watch *watch)
{
    return watch->sleep.word != NULL;
}

/* Raise what is due. True if the watcher is to sleep for this region: `sleep` says how. */
static bool settle(struct mms__watch *watch, uint64_t now)
{
    struct mms_region *region = watch->region;
    int code = 0;

    while (code == 0 && !mms__load_relaxed(&region->gone)) {
        uint64_t generation = region->backend->generation(region);

        if (!raise_due(watch, generation)) {
            watch->sleep.word = NULL;
            return false;
        }
        if (is_ready(watch))
            return true;
        code = region->backend->wait_begin(region, generation, &watch->sleep);
    }
    if (code == -EAGAIN) {
        watch->sleep_until = now + watch->sleep.longest_ns;
        return true;
    }
    watch->sleep.word = NULL;
    raise_all(watch);
    return false;
}

/* ---- Rounds ---- */

/* What it sleeps for. The first word is `kicks`. */
struct round {
    struct mms__futex futexes[MMS__FUTEXES_MAX];
    struct mms__watch *watches[MMS__FUTEXES_MAX];
    unsigned count;
    uint64_t until;
};

static void prepare(struct mms__watcher *watcher, struct round *round)
{
    uint64_t now = mms__now_ns();

    round->futexes[0] = (struct mms__futex){&watcher->kicks, watcher->kicks};
    round->count = 1;
    round->until = now + LONGEST_NS;
    for (struct mms__watch *watch = watcher->watches; watch; watch = watch->next) {
        if (!watch->fds || !settle(watch, now))
            continue;
        watch->asleep = true;
        round->futexes[round->count] = (struct mms__futex){watch->sleep.word, watch->sleep.value};
        round->watches[round->count++] = watch;
        if (watch->sleep_until < round->until)
            round->until = watch->sleep_until;
    }
}

/* One word is enough, or all that there can be: for a region, or else for a kick. */
static int sleep_deaf(const struct round *round)
{
    unsigned index = round->count > 1;
    uint64_t now = mms__now_ns(), left = round->until > now ? round->until - now : 0;
    int code = mms__futex_wait(round->futexes[index].word, round->futexes[index].value,
                               index > 0 && left > DEAF_NS ? DEAF_NS : left, PTHREAD_CANCEL_DISABLE);

    return code == 0 ? (int)index : code;
}

static int sleep_for(const struct mms__watcher *watcher, const struct round *round)
{
    int result = watcher->has_any ? mms__futex_wait_any(round->futexes, round->count, round->until) : sleep_deaf(round);

    if (result < 0 && result != -EAGAIN && result != -ETIMEDOUT && result != -EINTR)
        mms__sleep_ns(10000000); /* no memory: look again, and do not spin meanwhile */
    return result;
}

/* 0 if it was woken, -ETIMEDOUT if its time is over, -EAGAIN if its word changed before it slept; 1: none of these. */
static int outcome(const struct mms__watch *watch, bool slept, bool woken, uint64_t now)
{
    bool changed = mms__load_acquire(watch->sleep.word) != watch->sleep.value;

    if (woken || (slept && changed)) /* which of several words were woken the kernel does not say */
        return 0;
    if (now >= watch->sleep_until)
        return -ETIMEDOUT;
    return changed ? -EAGAIN : 1;
}

static void finish(const struct round *round, int result)
{
    uint64_t now = mms__now_ns();

    for (unsigned i = 1; i < round->count; i++) {
        struct mms__watch *watch = round->watches[i];
        int code = outcome(watch, result >= 0, result == (int)i, now);

        watch->asleep = false;
        if (code > 0)
            continue;
        watch->sleep.word = NULL;
        (void)watch->region->backend->wait_end(watch->region, code); /* if it is gone, settle() finds it so */
    }
}

static void *watch_all(void *argument)
{
    struct mms__watcher *watcher = argument;
    struct round round;

    (void)mms__cancel_hold();
    (void)prctl(PR_SET_NAME, "mmsync-wait"); /* for people */
    pthread_mutex_lock(&watcher->mutex);
    while (!watcher->stopping) {
        int result;

        prepare(watcher, &round);
        pthread_mutex_unlock(&watcher->mutex);
        result = sleep_for(watcher, &round);
        pthread_mutex_lock(&watcher->mutex);
        finish(&round, result);
        pthread_cond_broadcast(&watcher->awake);
    }
    pthread_mutex_unlock(&watcher->mutex);
    return NULL;
}

/* ---- The thread ---- */

/* Without a small stack if that is too small for the thread's static data. */
static int create(struct mms__watcher *watcher)
{
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);

    if (error != 0)
        return error;
    (void)pthread_attr_setstacksize(&attributes, STACK);
    error = pthread_create(&watcher->thread, &attributes, watch_all, watcher);
    (void)pthread_attr_destroy(&attributes);
    return error == EINVAL ? pthread_create(&watcher->thread, NULL, watch_all, watcher) : error;
}

/* Signals are for the threads of the host. */
int mms__watcher_start(struct mms__watcher *watcher)
{
    sigset_t all, before;
    int error;

    watcher->stopping = false;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    error = create(watcher);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

void mms__watcher_stop(struct mms__watcher *watcher)
{
    pthread_mutex_lock(&watcher->mutex);
    watcher->stopping = true;
    mms__watcher_kick(watcher);
    pthread_mutex_unlock(&watcher->mutex);
    (void)pthread_join(watcher->thread, NULL);
}
