/* SPDX-License-Identifier: Apache-2.0 */
/* membarrier(2): the fence that a writer lends to all readers at once. */
#ifndef MMS_BARRIER_H
#define MMS_BARRIER_H

/* Make this process one that mms__membarrier reaches. Before any asymmetric read; fork keeps it, exec clears it; 6 to
   14 ms in a process with threads. 0 or -errno. */
int mms__membarrier_register(void);

/* True if this kernel, and the filters on this process, let it call mms__membarrier. */
int mms__membarrier_works(void);

/* A full fence in every registered process, and in this one. 0 or -errno. */
int mms__membarrier(void);

#endif
