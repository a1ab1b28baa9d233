/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's atomic builtins, carried out by the explorer. Included before everything else, so that the core's
   mmsync/atomic.h is compiled as it is, with the orders that stand there. */
#ifndef EXPLORE_BUILTINS_H
#define EXPLORE_BUILTINS_H

#include "explore.h"

#define __atomic_load_n(p, order) ((__typeof__(*(p)))explore_load((p), sizeof *(p), (enum explore_order)(order)))
#define __atomic_store_n(p, v, order) explore_store((p), sizeof *(p), (uint64_t)(v), (enum explore_order)(order))
#define __atomic_compare_exchange_n(p, expected, desired, weak, order, failure) \
    explore_cas((p), sizeof *(p), (expected), sizeof *(expected), (uint64_t)(desired), (enum explore_order)(order))
#define __atomic_thread_fence(order) explore_fence((enum explore_order)(order))
#define __atomic_signal_fence(order) explore_fence_compiler()

#endif
