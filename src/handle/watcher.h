/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that waits for all regions of which a process has descriptors, and makes these readable. */
#ifndef MMS_HANDLE_WATCHER_H
#define MMS_HANDLE_WATCHER_H

#include "handle/backend.h"
#include "os/file.h"
#include <pthread.h>

/* A descriptor: a pipe, in which there is a byte while it is readable. */
struct mms__wait_fd {
    struct mms__wait_fd *next;
    struct mms__file reading, writing;
    uint64_t acknowledged; /* generation */
    bool raised;           /* the byte is there; nobody looks at `acknowledged` until it is taken out */
};

/* A region that has had descriptors. All but `watcher` under the watcher's mutex. */
struct mms__watch {
    struct mms__watch *next;
    struct mms__watcher *watcher; /* never changes */
    struct mms_region *region;
    struct mms__wait_fd *fds;
    struct mms__sleep sleep; /* `word` is NULL unless the watcher is ready to sleep for it */
    uint64_t sleep_until;
    bool asleep; /* the watcher sleeps for it, without the mutex */
};

/* Made and freed, started and stopped under a lock that its callers share (watch.c). */
struct mms__watcher {
    struct mms__watcher *next;
    pthread_mutex_t mutex;
    pthread_cond_t awake; /* the thread has woken up, and looks at everything */
    pthread_t thread;
    struct mms__watch *watches;
    uint32_t kicks; /* a word to sleep on: changes if there is something else to look at */
    bool has_any;   /* the kernel can wait for many words */
    bool stopping;
    unsigned watch_count, fd_count;
};

/* How many regions one thread can wait for. */
unsigned mms__watcher_capacity(const struct mms__watcher *watcher);

/* -errno: no thread could be started. */
int mms__watcher_start(struct mms__watcher *watcher);
void mms__watcher_stop(struct mms__watcher *watcher);

/* With the mutex held: make the thread look at everything again. */
void mms__watcher_kick(struct mms__watcher *watcher);

#endif
