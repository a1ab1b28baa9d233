/* SPDX-License-Identifier: Apache-2.0 */
/* membarrier(2) as a container's filter refuses it. */
#ifndef TEST_REFUSE_H
#define TEST_REFUSE_H

/* From here on membarrier fails with this errno in this thread, and in what it starts. 0, or errno where such filters
   cannot be set. */
int refuse_membarrier(int error);

#endif
