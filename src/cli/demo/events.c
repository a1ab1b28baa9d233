/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the processes while they work: a reader is killed while it holds a view,
   another is stopped, and the writer is killed in the middle of a write. */
#include "cli/demo/conductor.h"
#include "cli/demo/format.h"
#include "cli/now.h"
#include <mmsync.h>
#include <signal.h>
#include <string.h>

enum { VICTIM = 0, SLEEPER = 1, STOP_MS = 1000 };

/* ---- The reader table, as anybody may see it ---- */

/* The line of a process. False if there is none. */
static bool find_line(const struct demo *demo, pid_t pid, mms_reader_info *found)
{
    mms_reader_info lines[CELLS];
    size_t count = 0;

    if (mms_inspect_readers(demo->board->region, lines, CELLS, &count))
        return false;
    for (size_t i = 0; i < count && i < CELLS; i++)
        if (lines[i].pid == pid) {
            *found = lines[i];
            return true;
        }
    return false;
}

static bool line_is_gone(const struct demo *demo, unsigned cell)
{
    mms_reader_info line;
    mms_info info;

    /* A table that cannot be read has no line either. */
    return !find_line(demo, demo->readers[cell].pid, &line) && !mms_inspect(demo->board->region, &info);
}

static bool is_holding(const struct demo *demo, unsigned cell)
{
    return atomic_load(&demo->board->cells[cell].state) == STATE_HOLDING;
}

/* Tell a reader to pin a view and keep it, and check that the reader table agrees. */
static bool make_hold(struct demo *demo, unsigned cell, uint64_t *generation)
{
    struct reader_cell *board_cell = &demo->board->cells[cell];
    mms_reader_info line;

    atomic_store(&board_cell->order, ORDER_HOLD);
    if (!demo_await(demo, is_holding, cell, "a reader to hold a view"))
        return false;
    *generation = get(&board_cell->held_generation);
    if (find_line(demo, demo->readers[cell].pid, &line) && line.alive && line.pinned && line.generation == *generation)
        return true;
    demo_fail(demo, FAILURE_LOST, "the reader table does not show that reader %u holds generation %llu", cell + 1,
              (unsigned long long)*generation);
    return false;
}

/* ---- A reader is killed ---- */

bool event_kill_reader(struct demo *demo)
{
    struct kill_reader_figures *figures = &demo->kill_reader;
    char generation[TEXT_SIZE], took[TEXT_SIZE];
    unsigned replacement = demo->cells;
    mms_reader_info line;

    if (!make_hold(demo, VICTIM, &figures->generation))
        return false;
    figures->killed_ns = monotonic_ns();
    child_kill(&demo->readers[VICTIM]);
    if (!demo_await(demo, reader_is_gone, VICTIM, "the killed reader to be gone"))
        return false;
    figures->seen_dead = find_line(demo, demo->readers[VICTIM].pid, &line) && !line.alive;
    display_event(demo, "reader %d (pid %d) killed by SIGKILL while it held generation %s%s", VICTIM + 1,
                  (int)demo->readers[VICTIM].pid, format_count(generation, figures->generation),
                  figures->seen_dead ? "; the reader table shows it dead" : "");
    if (!start_reader(demo) || !demo_await(demo, line_is_gone, VICTIM, "the slot of the killed reader to come back"))
        return false;
    figures->reclaimed_ns = monotonic_ns() - figures->killed_ns;
    display_event(demo, "its line and its slot were free again after %s; reader %u takes its place",
                  format_latency(took, figures->reclaimed_ns), replacement + 1);
    return demo_await(demo, reader_is_working, replacement, "the new reader");
}

/* ---- A reader is stopped ---- */

static bool is_stopped(const struct demo *demo, unsigned cell)
{
    return child_is_stopped(&demo->readers[cell]);
}

static bool has_let_go(const struct demo *demo, unsigned cell)
{
    return atomic_load(&demo->board->cells[cell].state) == STATE_WORKING;
}

static bool is_kept(struct demo *demo, unsigned cell, uint64_t generation)
{
    mms_reader_info line;

    if (find_line(demo, demo->readers[cell].pid, &line) && line.alive && line.pinned && line.generation == generation)
        return true;
    demo_fail(demo, FAILURE_LOST, "reader %u lost its hold on generation %llu while it was stopped", cell + 1,
              (unsigned long long)generation);
    return false;
}

static bool stop_for_a_while(struct demo *demo, unsigned cell)
{
    struct child *child = &demo->readers[cell];
    uint64_t since = monotonic_ns();
    bool well = true;

    kill(child->pid, SIGSTOP);
    well = demo_await(demo, is_stopped, cell, "a reader to be stopped");
    while (well && monotonic_ns() - since < STOP_MS * UINT64_C(1000000))
        well = demo_pump(demo);
    if (well)
        well = is_kept(demo, cell, demo->stop_reader.generation);
    demo->stop_reader.stopped_ns = monotonic_ns() - since;
    atomic_store(&demo->board->cells[cell].order, ORDER_WORK);
    kill(child->pid, SIGCONT);
    return well;
}

bool event_stop_reader(struct demo *demo)
{
    struct stop_reader_figures *figures = &demo->stop_reader;
    struct reader_cell *cell = &demo->board->cells[SLEEPER];
    char generation[TEXT_SIZE], newer[TEXT_SIZE], took[TEXT_SIZE];

    if (!make_hold(demo, SLEEPER, &figures->generation))
        return false;
    display_event(demo, "reader %d (pid %d) stopped by SIGSTOP while it holds generation %s", SLEEPER + 1,
                  (int)demo->readers[SLEEPER].pid, format_count(generation, figures->generation));
    if (!stop_for_a_while(demo, SLEEPER) || !demo_await(demo, has_let_go, SLEEPER, "the stopped reader to go on"))
        return false;
    figures->newer = get(&cell->held_newer);
    figures->whole = atomic_load(&cell->held_result) == HELD_WHOLE;
    display_event(demo, "it went on after %s; %s generations later its view was %s",
                  format_latency(took, figures->stopped_ns), format_count(newer, figures->newer),
                  figures->whole ? "still whole" : "DAMAGED");
    if (figures->newer == 0)
        demo_fail(demo, FAILURE_STUCK, "nothing was published while reader %d was stopped", SLEEPER + 1);
    return true;
}

/* ---- The writer is killed ---- */

static bool is_halted(const struct demo *demo, unsigned number)
{
    return atomic_load(&demo->board->writers[number].state) == STATE_HALTED;
}

static bool all_have_resumed(const struct demo *demo, unsigned unused)
{
    (void)unused;
    for (unsigned i = 0; i < demo->cells; i++)
        if (demo->readers[i].running && !atomic_load(&demo->board->cells[i].resumed_ns))
            return false;
    return true;
}

/* Stop the writer between begin and commit, and note what is published then. */
static bool halt_writer(struct demo *demo)
{
    struct writer_cell *cell = &demo->board->writers[demo->writer_number];
    mms_info info;

    atomic_store(&cell->order, ORDER_HALT);
    if (!demo_await(demo, is_halted, demo->writer_number, "the writer to be in the middle of a write"))
        return false;
    demo->kill_writer.generation = get(&cell->generation);
    if (!mms_inspect(demo->board->region, &info) && info.generation == demo->kill_writer.generation)
        return true;
    demo_fail(demo, FAILURE_LOST, "generation %llu, the last that was published, is not there",
              (unsigned long long)demo->kill_writer.generation);
    return false;
}

static void measure_recovery(struct demo *demo, const uint64_t before[CELLS])
{
    struct kill_writer_figures *figures = &demo->kill_writer;
    const struct writer_cell *writer = &demo->board->writers[demo->writer_number];

    for (unsigned i = 0; i < demo->cells; i++) {
        const struct reader_cell *cell = &demo->board->cells[i];
        uint64_t took;

        if (!demo->readers[i].running)
            continue;
        took = atomic_load(&cell->resumed_ns) - figures->killed_ns;
        if (!figures->recovery_ns || took < figures->recovery_ns)
            figures->recovery_ns = took;
        if (took > figures->last_recovery_ns)
            figures->last_recovery_ns = took;
        figures->lookups += get(&cell->resumed_lookups) - before[i];
    }
    figures->start_ns = get(&writer->loaded_ns) - figures->killed_ns;
    figures->next_generation = get(&writer->first_generation);
}

/* Between the old writer's last generation and the new one's first lies the one that was never
   finished. */
static void check_unfinished(struct demo *demo)
{
    const struct kill_writer_figures *figures = &demo->kill_writer;

    for (uint64_t i = figures->generation + 1; i < figures->next_generation && i < GENERATIONS_NOTED; i++)
        if (atomic_load(&demo->board->seen[i]))
            demo_fail(demo, FAILURE_LOST, "a reader was given generation %llu, which was never published",
                      (unsigned long long)i);
    if (figures->next_generation <= figures->generation)
        demo_fail(demo, FAILURE_LOST, "the new writer began again with generation %llu",
                  (unsigned long long)figures->next_generation);
    if (!figures->lookups)
        demo_fail(demo, FAILURE_STUCK, "no look-ups were made while there was no writer");
}

bool event_kill_writer(struct demo *demo)
{
    struct kill_writer_figures *figures = &demo->kill_writer;
    char generation[TEXT_SIZE], took[TEXT_SIZE], lookups[TEXT_SIZE];
    uint64_t before[CELLS] = {0};

    if (!halt_writer(demo))
        return false;
    put(&demo->board->outage, figures->generation);
    for (unsigned i = 0; i < demo->cells; i++)
        before[i] = get(&demo->board->cells[i].lookups);
    figures->killed_ns = monotonic_ns();
    child_kill(&demo->writer);
    if (!demo_await(demo, writer_is_gone, 0, "the killed writer to be gone"))
        return false;
    display_event(demo, "the writer (pid %d) killed by SIGKILL with %s; generation %s stays", (int)demo->writer.pid,
                  form_of(demo->board->form)->half, format_count(generation, figures->generation));
    demo->writer_number++;
    if (!start_writer(demo) ||
        !demo_await(demo, all_have_resumed, 0, "all readers to see what the new writer publishes"))
        return false;
    measure_recovery(demo, before);
    display_event(demo, "a new writer (pid %d) was being read after %s; until then readers made %s look-ups",
                  (int)demo->writer.pid, format_latency(took, figures->recovery_ns),
                  format_count(lookups, figures->lookups));
    check_unfinished(demo);
    return true;
}
