/* SPDX-License-Identifier: Apache-2.0 */
/* Which process and which thread this is, and what happens to handles when either ends or
   forks. */
#ifndef MMS_OS_PROCESS_H
#define MMS_OS_PROCESS_H

#include <mmsync/atomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Where the token below is, once it was asked for. Hidden, or each load would be preceded by one from the GOT. */
extern mms__word *mms__token_word __attribute__((visibility("hidden")));
/* The token of a process that has none yet. */
__attribute__((cold)) uint64_t mms__token_begin(void);

/* A number that this process shares with no parent and no child. Each write asks for it. */
static inline uint64_t mms__process_token(void)
{
    /* Acquire (pair: the release in prepare): the memory was there before the pointer to it. */
    uint64_t known = mms__load_relaxed(mms__load_acquire(&mms__token_word));

    return known != 0 ? known : mms__token_begin();
}

/* This thread, never 0; members are told when it ends. 0 if that cannot be arranged (out of
   memory). */
uintptr_t mms__thread_token(void);

/* Ticks since boot at which this process started: with the pid, names it for people. 0 without
   /proc. */
uint64_t mms__process_start(void);

/* Forks wait between these. Short sections only; they do not nest. */
void mms__fork_hold(void);
void mms__fork_release(void);

/* Handles embed this to be told. Both functions are called with the list locked: they must not
   join, leave or fork. */
struct mms__member {
    struct mms__member *next, **link;
    void (*forked)(struct mms__member *);                         /* in the child */
    void (*thread_ended)(struct mms__member *, uintptr_t thread); /* in that thread */
};

/* 0; or -ENOMEM or -EAGAIN (no thread keys left), and then forks and the ends of threads would
   go unnoticed. */
int mms__member_join(struct mms__member *member);
void mms__member_leave(struct mms__member *member);

#endif
