/* SPDX-License-Identifier: Apache-2.0 */
/* How far the processors of a reader and the writer are apart: what it takes a line of memory to go from one to the other
   and back. A virtual machine's host may move them between two runs, and then all that one reads of the other takes
   several times as long. */
#include "harness.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCHES = 20, TURNS = 50 };

struct court {
    _Alignas(128) atomic_uint served;
    _Alignas(128) atomic_uint returned;
};

_Noreturn static void answer(struct court *court, pid_t parent)
{
    unsigned served, spins = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    cpu_pin(0);
    while ((served = atomic_load_explicit(&court->served, memory_order_acquire)) != UINT32_MAX) {
        if (served == atomic_load_explicit(&court->returned, memory_order_relaxed))
            pause_politely(&spins);
        else
            atomic_store_explicit(&court->returned, served, memory_order_release);
    }
    _exit(0);
}

static double serve(struct court *court, unsigned first)
{
    unsigned spins = 0;
    uint64_t from = ticks();

    for (unsigned turn = first; turn < first + TURNS; turn++) {
        atomic_store_explicit(&court->served, turn, memory_order_release);
        while (atomic_load_explicit(&court->returned, memory_order_acquire) != turn)
            pause_politely(&spins);
    }
    return ticks_ns(ticks() - from) / TURNS;
}

static double best_of_all(struct court *court)
{
    double best = 0;

    for (unsigned i = 0; i < BATCHES; i++) {
        double took = serve(court, 1 + i * TURNS);

        best = i == 0 || took < best ? took : best;
    }
    return best;
}

void figure_apart(void)
{
    struct court *court;
    pid_t parent = getpid(), child;

    if (cpu_count() < 2)
        return;
    court = mmap(NULL, sizeof *court, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (court == MAP_FAILED)
        return;
    child = fork();
    if (child == 0)
        answer(court, parent);
    cpu_pin(1);
    if (child > 0) {
        figure("apart_ns", best_of_all(court));
        atomic_store(&court->served, UINT32_MAX);
        waitpid(child, NULL, 0);
    }
    munmap(court, sizeof *court);
}
