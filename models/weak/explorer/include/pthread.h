/* SPDX-License-Identifier: Apache-2.0 */
/* The few names of pthreads that the scenarios use, carried out by the explorer. */
#ifndef EXPLORE_PTHREAD_H
#define EXPLORE_PTHREAD_H

#include "explore.h"
#include <sys/types.h> /* pthread_t, pthread_mutex_t: of a mutex only the address counts */

#define PTHREAD_MUTEX_INITIALIZER \
    {                             \
        {                         \
            0                     \
        }                         \
    }

static inline int pthread_mutex_init(pthread_mutex_t *mutex, const void *attributes)
{
    (void)mutex, (void)attributes;
    return 0;
}

static inline int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    (void)mutex;
    return 0;
}

static inline int pthread_create(pthread_t *thread, const void *attributes, void *(*run)(void *), void *argument)
{
    (void)attributes;
    *thread = (pthread_t)explore_create(run, argument);
    return 0;
}

static inline int pthread_join(pthread_t thread, void **result)
{
    (void)result;
    explore_join((int)thread);
    return 0;
}

static inline int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    explore_lock(mutex);
    return 0;
}

static inline int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    return explore_trylock(mutex) ? 0 : 16; /* EBUSY */
}

static inline int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    explore_unlock(mutex);
    return 0;
}

#endif
