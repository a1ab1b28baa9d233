/* SPDX-License-Identifier: Apache-2.0 */
/* The first read after a publish: what a change costs a reader, with the page faults. The
   reader looks at each page of the value. A new reader meets pages that it has not mapped yet;
   later it has mapped them all. With --walk a reader has used memory of its own since its last
   read, so that little of the library is left in its caches.

   Nothing else may come between two reads: what empties the TLB, as free() does where it gives
   much back to the kernel, makes a read several times slower. */
#include "harness.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { NEW = 16, MOST = 20000 };

static uint64_t faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_minflt;
}

static unsigned char *own_memory(struct session *session)
{
    size_t size = session->options->walk;
    unsigned char *memory = size > 0 ? malloc(size) : NULL;

    if (size > 0 && !memory)
        fail(session, "no memory for a walk through %zu bytes", size);
    if (memory)
        memset(memory, 1, size);
    return memory;
}

static void walk(unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i += 64)
        memory[i]++;
    __asm__ volatile("" : : : "memory");
}

/* One round trip: the writer raises `sequence` after a publish, the reader answers after its
   read. */
static double read_once(struct worker *worker, void *reader, uint64_t step, uint64_t *faulted)
{
    struct session *session = worker->session;
    uint64_t from, to, before, version;
    unsigned spins = 0;

    while (atomic_load_explicit(&session->shared->sequence, memory_order_acquire) < step)
        pause_politely(&spins);
    before = faults();
    from = ticks();
    version = session->contestant->touch(reader, session->options->size);
    to = ticks();
    *faulted += faults() - before;
    if (version != step)
        fail(session, "the read after publish %llu gave version %llu", (unsigned long long)step,
             (unsigned long long)version);
    atomic_store_explicit(&session->shared->answer, step, memory_order_release);
    return ticks_ns(to - from);
}

static void measure(struct worker *worker)
{
    struct session *session = worker->session;
    struct result *result = &session->shared->results[worker->index];
    size_t steps = session->options->count, warm = steps / 2;
    double overhead = ticks_overhead_ns();
    uint64_t faulted = 0;
    unsigned char *memory = own_memory(session);
    struct samples samples;
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    samples_init(&samples, MOST);
    worker_ready(worker);
    for (size_t step = 1; step <= steps; step++) {
        walk(memory, session->options->walk);
        samples_add(&samples, read_once(worker, reader, step, &faulted) - overhead);
        if (step == 1) {
            result->extra[0] = samples.ns[0];
            result->extra[1] = (double)faulted;
        }
        if (step == (steps < NEW ? steps / 2 : NEW) || step == warm) {
            if (step != warm) {
                result->extra[2] = samples_quantile(&samples, 0.5);
                result->extra[3] = (double)faulted / (double)step;
            }
            faulted = 0;
            samples.count = 0;
        }
    }
    result->ns = (double)faulted / (double)(steps - warm);
    result->single = samples_spread(&samples);
    free(memory);
    worker_done(worker);
    worker_await(worker, CLOSE);
    session->contestant->reader_close(reader);
}

void mode_first(struct session *session)
{
    struct result *result = &session->shared->results[0];
    unsigned spins = 0;

    if (session->options->count > MOST)
        fail(session, "--count: at most %d", MOST);
    session_worker(session, 0, measure);
    cpu_pin(1);
    session_create(session);
    session_publish(session, 0);
    session_phase(session, OPEN);
    session_await_ready(session, 1);
    for (uint64_t step = 1; step <= session->options->count && !session_workers_done(session, 1); step++) {
        session_publish(session, (uint32_t)step);
        atomic_store_explicit(&session->shared->sequence, step, memory_order_release);
        while (atomic_load_explicit(&session->shared->answer, memory_order_acquire) < step)
            if (session_workers_done(session, 1))
                break;
            else
                pause_politely(&spins);
    }
    while (!session_workers_done(session, 1))
        pause_politely(&spins);
    figure("very_first_ns", result->extra[0]);
    figure("very_first_faults", result->extra[1]);
    figure("new_reader_ns", result->extra[2]);
    figure("new_reader_faults", result->extra[3]);
    figure("ns", result->single.p50);
    figure("faults", result->ns);
    figure_spread("single_", &result->single);
    session_close(session);
    figure_apart();
}
