/* SPDX-License-Identifier: Apache-2.0 */
#include "os/process.h"
#include "os/cancel.h"
#include "os/file.h"
#include "os/text.h"
#include <errno.h>
#include <fcntl.h>
#include <mmsync/atomic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t members_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mms__member *members;
static uint64_t members_of; /* token of the process in which they joined */
static pthread_key_t thread_key;
static bool has_key, has_handlers; /* changed with the list locked, or by the first call */
static uint32_t ready;

/* The token of this process, or 0 if it has not asked for one yet. From the first time on it is in memory that fork
   wipes, so that a raw clone(2), which runs no handlers, is noticed too. */
static mms__word token_without_wiping;
mms__word *mms__token_word = &token_without_wiping;
static mms__word tokens_given; /* plain memory: a child goes on counting where its parent was */
static uintptr_t threads_seen;

/* With the list locked. After a raw clone(2), which runs no handlers, it is still the
   parent's, and not ours to call or change. */
static void forget_strangers(void)
{
    uint64_t process = mms__process_token();

    if (members_of != process)
        members = NULL;
    members_of = process;
}

/* A fork that had begun without the handlers would leave the lock held in the child, so they come first. */
void mms__fork_hold(void)
{
    (void)mms__process_token();
    pthread_mutex_lock(&members_lock);
    forget_strangers();
}

void mms__fork_release(void)
{
    pthread_mutex_unlock(&members_lock);
}

static void forked_child(void)
{
    MMS__HOLD_CANCEL(before);
    mms__store_relaxed(mms__token_word, 0);
    for (struct mms__member *member = members; member; member = member->next)
        member->forked(member);
    members = NULL;
    pthread_mutex_unlock(&members_lock);
}

static void thread_ended(void *thread)
{
    MMS__HOLD_CANCEL(before);
    pthread_mutex_lock(&members_lock);
    forget_strangers();
    for (struct mms__member *member = members; member; member = member->next)
        if (member->thread_ended)
            member->thread_ended(member, (uintptr_t)thread);
    pthread_mutex_unlock(&members_lock);
}

static int make_key_and_handlers(void)
{
    int error = has_key ? 0 : pthread_key_create(&thread_key, thread_ended);

    has_key = error == 0;
    if (error == 0 && !has_handlers) {
        error = pthread_atfork(mms__fork_hold, mms__fork_release, forked_child);
        has_handlers = error == 0;
    }
    mms__store_release(&ready, error == 0); /* pair: be_ready. Whoever finds it set finds the key made */
    return -error;
}

static void prepare(void)
{
    struct mms__mapping page;

    if (mms__map_wiped(mms__page_size(), &page) == 0)
        mms__store_release(&mms__token_word, page.base); /* pair: mms__process_token */
    (void)make_key_and_handlers();
}

static int be_ready(void)
{
    int code;

    pthread_once(&once, prepare);
    if (mms__load_acquire(&ready))
        return 0;
    pthread_mutex_lock(&members_lock); /* the first call found no memory: try again */
    code = make_key_and_handlers();
    pthread_mutex_unlock(&members_lock);
    return code;
}

/* The library is unloaded: with the program, or with an object that it is a static part of
   (dlclose). A thread that ends later must not run our destructor. libc removes the fork
   handlers itself, since it knows whose they are. A later call, in an exiting program, gets
   another key. What is open stays open: when a program exits, other threads may be reading. */
__attribute__((destructor)) static void unload(void)
{
    if (pthread_mutex_trylock(&members_lock) != 0)
        return; /* another thread uses it, so the program exits */
    if (has_key)
        (void)pthread_key_delete(thread_key);
    has_key = false;
    mms__store_release(&ready, 0); /* pair: be_ready */
    pthread_mutex_unlock(&members_lock);
}

uint64_t mms__token_begin(void)
{
    uint64_t known = 0, fresh;

    pthread_once(&once, prepare);
    fresh = mms__increment(&tokens_given);
    (void)mms__cas_seq_cst(mms__token_word, &known, fresh); /* another thread may be faster */
    return mms__load_relaxed(mms__token_word);
}

uintptr_t mms__thread_token(void)
{
    uintptr_t thread;

    if (be_ready() != 0)
        return 0;
    thread = (uintptr_t)pthread_getspecific(thread_key);
    if (thread == 0) {
        thread = mms__increment(&threads_seen);
        if (pthread_setspecific(thread_key, (void *)thread) != 0)
            return 0;
    }
    return thread;
}

/* Field 22 of /proc/self/stat, counted from the command's closing parenthesis, because its
   name may hold anything. */
static uint64_t parse_start(const char *text)
{
    const char *field = strrchr(text, ')');

    for (int i = 2; field && i < 22; i++)
        field = strchr(field + 1, ' ');
    return field ? strtoull(field, NULL, 10) : 0;
}

uint64_t mms__process_start(void)
{
    char text[1024];

    return mms__read_text("/proc/self/stat", text, sizeof text) == 0 ? parse_start(text) : 0;
}

int mms__member_join(struct mms__member *member)
{
    int code = be_ready();

    if (code != 0)
        return code;
    pthread_mutex_lock(&members_lock);
    forget_strangers();
    member->next = members;
    member->link = &members;
    if (members)
        members->link = &member->next;
    members = member;
    pthread_mutex_unlock(&members_lock);
    return 0;
}

void mms__member_leave(struct mms__member *member)
{
    pthread_mutex_lock(&members_lock);
    *member->link = member->next;
    if (member->next)
        member->next->link = member->link;
    pthread_mutex_unlock(&members_lock);
}
