/* SPDX-License-Identifier: Apache-2.0 */
/* Time and watchdogs of the conductor. */
#include "cli/demo/clock.h"
#include "cli/demo/conductor.h"
#include "cli/interrupt.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Nothing here takes half a second on an idle machine. The limits are much longer, so that a
   busy one raises no alarm. */
#define WATCHDOG_NS UINT64_C(20000000000)
#define MOST_ELAPSED_NS UINT64_C(100000000)

static uint64_t watchdog_ns(void)
{
#ifdef MMS_DEMO_FAULTS
    const char *ms = getenv("MMS_DEMO_WATCHDOG_MS");

    if (ms)
        return strtoull(ms, NULL, 10) * 1000000;
#endif
    return WATCHDOG_NS;
}

void demo_fail(struct demo *demo, enum failure kind, const char *format, ...)
{
    unsigned *count = kind == FAILURE_LOST ? &demo->lost : &demo->stuck;
    unsigned number = demo->lost + demo->stuck;
    char text[sizeof demo->failures[0]];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (number < FAILURES_KEPT)
        memcpy(demo->failures[number], text, sizeof text);
    ++*count;
    display_event(demo, "FAILED: %s", text);
}

/* ---- Children that end ---- */

static bool child_is_well(struct demo *demo, struct child *child, const char *name)
{
    char fate[80];
    bool was_running = child->running;

    child_poll(child);
    if (!was_running || child->running || child->may_end)
        return true;
    demo_fail(demo, FAILURE_LOST, "%s (pid %d) ended by itself: %s", name, (int)child->pid,
              child_fate(child, fate, sizeof fate));
    return false;
}

static bool children_are_well(struct demo *demo)
{
    bool well = child_is_well(demo, &demo->writer, "the writer");

    for (unsigned i = 0; i < demo->cells; i++) {
        char name[32];

        snprintf(name, sizeof name, "reader %u", i + 1);
        well &= child_is_well(demo, &demo->readers[i], name);
    }
    return well;
}

/* ---- Children that do not move ---- */

static bool moves(const struct demo *demo, struct watch *watch, uint64_t value, bool expected)
{
    if (value != watch->value || !expected)
        *watch = (struct watch){value, demo->active_ns};
    return demo->active_ns - watch->since_ns < watchdog_ns();
}

static bool readers_move(struct demo *demo)
{
    for (unsigned i = 0; i < demo->cells; i++) {
        const struct reader_cell *cell = &demo->board->cells[i];
        bool expected = demo->readers[i].running && atomic_load(&cell->state) == STATE_WORKING &&
                        atomic_load(&cell->order) == ORDER_WORK;

        if (moves(demo, &demo->reader_watch[i], get(&cell->lookups), expected))
            continue;
        demo_fail(demo, FAILURE_STUCK, "reader %u (pid %d) makes no look-ups", i + 1, (int)demo->readers[i].pid);
        return false;
    }
    return true;
}

static bool writer_moves(struct demo *demo)
{
    const struct writer_cell *cell = &demo->board->writers[demo->writer_number];
    bool expected =
        demo->writer.running && atomic_load(&cell->state) == STATE_WORKING && atomic_load(&cell->order) == ORDER_WORK;

    if (moves(demo, &demo->writer_watch, get(&cell->published), expected))
        return true;
    demo_fail(demo, FAILURE_STUCK, "the writer (pid %d) publishes nothing", (int)demo->writer.pid);
    return false;
}

/* ---- Time ---- */

static void advance(struct demo *demo)
{
    uint64_t now = monotonic_ns(), elapsed = now - demo->last_ns;

    demo->active_ns += elapsed < MOST_ELAPSED_NS ? elapsed : MOST_ELAPSED_NS;
    demo->last_ns = now;
}

bool demo_pump(struct demo *demo)
{
    sleep_ms(1);
    advance(demo);
    display_tick(demo);
    if (interrupted() || ferror(demo->display.out))
        return false;
    return children_are_well(demo) && readers_move(demo) && writer_moves(demo);
}

bool demo_await(struct demo *demo, bool (*done)(const struct demo *, unsigned), unsigned number, const char *what)
{
    uint64_t since = demo->active_ns;

    while (!done(demo, number)) {
        if (!demo_pump(demo))
            return false;
        if (demo->active_ns - since > watchdog_ns()) {
            demo_fail(demo, FAILURE_STUCK, "waited in vain for %.0f s for %s", (double)watchdog_ns() / 1e9, what);
            return false;
        }
    }
    return true;
}
