/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer of either form has. */
#ifndef MMS_CLI_DEMO_WRITER_H
#define MMS_CLI_DEMO_WRITER_H

#include "cli/demo/board.h"
#include "cli/demo/form.h"

struct writer {
    struct board *board;
    struct writer_cell *cell;
    const struct form *form;
    struct data_set data;
    mms_writer *handle;
    void *own; /* the form's */
};

/* If the conductor has ordered it: stay in the middle of a write for good, to be killed there. */
void writer_halt_if_ordered(const struct writer *writer);

/* Readers hold every slot: the published value stays, and the next beat tries again. 0, or an
   exit status for another code than MMS_E_AGAIN. */
int writer_refused(struct writer *writer, int code);

/* A value was published. */
void writer_count(struct writer *writer, uint64_t generation, size_t size, uint64_t records);

#endif
