/* SPDX-License-Identifier: Apache-2.0 */
/* membarrier(2), refused as by a container's filter. */
#ifndef TEST_REFUSE_H
#define TEST_REFUSE_H

/* From here on membarrier fails with this errno in this thread and in what it starts. Returns 0,
   or an errno where such filters cannot be installed. */
int refuse_membarrier(int error);

/* The same for file locks, fcntl(2)'s and flock(2)'s, refused as by a security module. */
int refuse_locks(int error);

#endif
