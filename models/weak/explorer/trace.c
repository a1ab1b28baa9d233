/* SPDX-License-Identifier: Apache-2.0 */
/* What happened on the way to an error, for people. world.steps is put back at every branch, so the list always is the
   one of the execution at hand. */
#include "world.h"
#include <stdio.h>

static struct {
    uint8_t thread;
    struct op op;
    const char *note;
} trace[MAX_STEPS];

void trace_step(const struct thread *thread, const struct op *op, const char *note)
{
    if (world.steps == MAX_STEPS) {
        fail("an execution has more than %d steps", MAX_STEPS);
        return;
    }
    trace[world.steps].thread = (uint8_t)(thread - world.threads);
    trace[world.steps].op = op ? *op : (struct op){.kind = OP_CHOOSE};
    trace[world.steps++].note = note;
}

static void print_step(const struct op *op)
{
    static const char *const orders[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
    const char *order = orders[op->order];

    switch (op->kind) {
    case OP_LOAD:
        fprintf(stderr, "%s load %s = %#llx", order, location_name(op->location), (unsigned long long)op->result);
        break;
    case OP_STORE:
        fprintf(stderr, "%s store %s = %#llx%s", order, location_name(op->location), (unsigned long long)op->value,
                op->succeeded ? "" : " put off by the compiler");
        break;
    case OP_CAS:
        fprintf(stderr, "%s compare-and-swap %s: %#llx -> %#llx %s", order, location_name(op->location),
                (unsigned long long)op->result, (unsigned long long)op->value, op->succeeded ? "done" : "refused");
        break;
    case OP_FENCE: fprintf(stderr, "%s fence", order); break;
    case OP_REMOTE_FENCE: fprintf(stderr, "membarrier strikes thread %u", op->target); break;
    case OP_LOCK: fprintf(stderr, "lock %s", location_name(op->location)); break;
    case OP_TRYLOCK:
        fprintf(stderr, "try to lock %s: %s", location_name(op->location), op->succeeded ? "done" : "refused");
        break;
    case OP_UNLOCK: fprintf(stderr, "unlock %s", location_name(op->location)); break;
    case OP_JOIN: fprintf(stderr, "join thread %u", op->target); break;
    case OP_CHOOSE: fprintf(stderr, "choose %llu", (unsigned long long)op->result); break;
    }
}

void trace_print(void)
{
    for (unsigned i = 0; i < world.steps; i++) {
        fprintf(stderr, "    %*sthread %u: ", trace[i].thread * 4, "", trace[i].thread);
        if (trace[i].note)
            fprintf(stderr, "%s", trace[i].note);
        else
            print_step(&trace[i].op);
        fputc('\n', stderr);
    }
}
