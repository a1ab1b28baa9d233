/* SPDX-License-Identifier: Apache-2.0 */
/* One case for the files of mmap-sync: what docs/migrating.md promises if all processes are ours.
   Values are whole, and never older than before. A writer that dies holds nobody up. A reader that
   dies in a view stays counted: then the writer gets MMS_E_AGAIN, and the value stays, until the
   count is repaired. Anywhere else it leaves nothing behind. */
#include "forked.h"
#include "lookout.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "stage.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* BLOCKED_MS: how long a writer waits for a count that will not go. The watcher's count goes in
   that time. */
enum { VALUES_AFTER = 12, PROBE_MS = 10, BLOCKED_MS = 100 };

static bool has(const struct stage *stage, unsigned flag)
{
    return stage->scenario->flags & flag;
}

/* From the first count to the last one. */
static bool is_counted_at(enum step step)
{
    switch (step) {
    case STEP_mmap_sync_counted:
    case STEP_mmap_sync_counted_twice:
    case STEP_mmap_sync_pinned:
    case STEP_mmap_sync_value_mapped:
    case STEP_view_held:
    case STEP_mmap_sync_copied:
    case STEP_mmap_sync_ending: return true;
    default: return false;
    }
}

/* Where a writer or a remover does not have its lock yet, or has given it back. */
static bool is_unlocked_at(enum step step, unsigned nth)
{
    switch (step) {
    case STEP_mmap_sync_file_made:
    case STEP_mmap_sync_rights_set: return nth == 1; /* of the state; the others are data files */
    case STEP_mmap_sync_state_opened:
    case STEP_close_control_unmapped:
    case STEP_lock_dropped:
    case STEP_mmap_sync_remove_opened:
    case STEP_mmap_sync_state_unlinked: return true;
    default: return false;
    }
}

/* ---- Meanwhile ---- */

static const char *name_value(const struct stage *stage, mms_reader *reader)
{
    mms_view view;
    uint64_t number, before = stage->board->before;
    int code = mms_read(reader, &view);

    if (code == MMS_E_EMPTY && has(stage, MAY_BE_EMPTY))
        return "no value";
    check_ok(code);
    number = check_value(view.data, view.size);
    check_true(number >= before);
    check_ok(mms_release(reader));
    return number > before ? "new value" : "last value";
}

static const char *look(const struct stage *stage)
{
    mms_region *region;
    mms_reader *reader;
    const char *seen;
    int code = mms_region_open(stage->path, NULL, &region);

    if (code == -ENOENT && has(stage, MAY_BE_ABSENT))
        return "no files";
    if (code == MMS_E_EMPTY && has(stage, MAY_BE_EMPTY))
        return "no value";
    check_ok(code);
    reader = sample_reader(region);
    seen = name_value(stage, reader);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    return seen;
}

static const char *probe_writer(struct stage *stage, enum step step, unsigned nth)
{
    mms_writer_options options = mmap_sync_options();
    mms_writer *writer;

    options.lock_wait_ms = PROBE_MS;
    if (!is_unlocked_at(step, nth)) {
        check_code(mms_writer_open(crate_path(stage->path), &options, &writer), MMS_E_BUSY);
        return "`MMS_E_BUSY`";
    }
    check_ok(mms_writer_open(crate_path(stage->path), &options, &writer));
    publish_next(stage, writer, 44);
    check_ok(mms_writer_close(writer));
    return "writes";
}

/* The conductor's writer next to a reader that is dead or frozen. True if it is held up. */
static bool write_beside_reader(struct stage *stage, enum step step, struct result *result)
{
    mms_writer_options options = mmap_sync_options();
    mms_receipt receipt;
    unsigned written = 0;
    int code = 0;

    check_ok(mms_writer_close(stage->writer));
    if (is_counted_at(step))
        options.grace_ms = BLOCKED_MS;
    stage->writer = sample_writer_with(crate_path(stage->path), options);
    while (written < VALUES_AFTER && (code = try_next(stage, stage->writer, 33 + written, &receipt)) == 0)
        written++;
    if (!is_counted_at(step))
        check_ok(code);
    else
        check_code(code, MMS_E_AGAIN);
    check_true(code == 0 || receipt.blockers >= 1);
    snprintf(result->others, sizeof result->others, code == 0 ? "%u written" : "%u written, then `MMS_E_AGAIN`",
             written);
    return code != 0;
}

/* Next to a repair: is the file free already? */
static const char *write_beside_repair(struct stage *stage)
{
    mms_writer_options options = mmap_sync_options();
    mms_writer *writer;
    int code;

    options.grace_ms = MMS_NO_WAIT;
    writer = sample_writer_with(crate_path(stage->path), options);
    code = try_next(stage, writer, 40, NULL);
    if (code != MMS_E_AGAIN)
        check_ok(code);
    check_ok(mms_writer_close(writer));
    return code == 0 ? "writes" : "`MMS_E_AGAIN`";
}

/* A view from the time when the victim was frozen: nobody may take it, and a repair least of
   all. */
static void hold_late(struct stage *stage)
{
    stage->late_region = sample_region(stage->path);
    stage->late_reader = sample_reader(stage->late_region);
    check_ok(mms_read(stage->late_reader, &stage->late));
}

static void close_late(struct stage *stage)
{
    if (!stage->late_region)
        return;
    (void)check_value(stage->late.data, stage->late.size);
    check_ok(mms_release(stage->late_reader));
    check_ok(mms_reader_close(stage->late_reader));
    check_ok(mms_region_close(stage->late_region));
    stage->late_region = NULL;
}

/* ---- Afterwards ---- */

static void end_bystanders(struct stage *stage)
{
    __atomic_store_n(&stage->board->stop, 1, __ATOMIC_RELEASE);
    finish_child(stage->watcher);
    finish_child(stage->waiter);
    __atomic_store_n(&stage->board->stop, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&stage->board->bystanders_up, 0, __ATOMIC_RELEASE);
}

static void repair(const struct stage *stage)
{
    mms_repair_report report;
    int code = mms_repair(stage->path, 0, 0, &report);

    if (code == MMS_E_AGAIN && report.suspects == 0) /* other users' processes, unless root */
        code = mms_repair(stage->path, MMS_REPAIR_FORCE, 0, &report);
    check_ok(code);
    check_equal(report.after[0] | report.after[1], 0);
}

/* When nobody is left who could be counted or suspected. */
static void repair_after_death(struct stage *stage)
{
    end_bystanders(stage);
    check_ok(mms_writer_close(stage->writer));
    repair(stage);
    start_bystanders(stage);
    stage->writer = stage_mmap_sync_writer(stage);
}

static void check_nobody_is_counted(const struct stage *stage)
{
    check_equal(crate_count(stage->path, 0), 0);
    check_equal(crate_count(stage->path, 1), 0);
    check_true(mms_is_mmap_sync(stage->path));
}

/* Held since before a writer that resets: either taken away, and told so, or whole. */
static bool end_held(struct stage *stage)
{
    int code;

    if (!stage->held.data)
        return false;
    code = mms_release(stage->reader);
    if (code != MMS_E_EVICTED)
        check_ok(code);
    check_ok(mms_reader_close(stage->reader));
    return code == MMS_E_EVICTED;
}

/* The next writer, for which everything must be as if nothing had happened. */
static void check_afterwards(struct stage *stage, const char *note, struct result *result)
{
    uint64_t last = 0;

    check_ok(mms_writer_close(stage->writer));
    stage->writer = stage_mmap_sync_writer(stage);
    for (size_t i = 0; i < VALUES_AFTER; i++)
        last = publish_next(stage, stage->writer, 10 + i * 7000);
    wait_until(&stage->board->watched, last, "watcher");
    wait_until(&stage->board->woken, last, "waiter");
    end_bystanders(stage);
    check_ok(mms_region_close(stage->region));
    check_ok(mms_writer_close(stage->writer));
    check_nobody_is_counted(stage);
    check_ok(mms_verify(stage->path, NULL, NULL));
    check_ok(mms_remove(stage->path));
    check_nothing_is_left(stage);
    snprintf(result->after, sizeof result->after, "%s%d written", note, VALUES_AFTER);
}

static void set_stage(struct stage *stage)
{
    stage->scenario->prepare(stage);
    if (!has(stage, REPAIRS))
        start_bystanders(stage);
    if (has(stage, RESETS)) {
        stage->region = sample_region(stage->path);
        stage->reader = sample_reader(stage->region);
        check_ok(mms_read(stage->reader, &stage->held));
    }
    if (!has(stage, WRITES) && !has(stage, REPAIRS))
        stage->writer = stage_mmap_sync_writer(stage);
}

static const char *judge_repair(struct stage *stage, struct result *result)
{
    snprintf(result->others, sizeof result->others, "%s", write_beside_repair(stage));
    if (stage->action == STEP_FREEZE) {
        hold_late(stage);
        resume(stage);
        close_late(stage);
    }
    check_ok(mms_region_close(stage->region));
    stage->region = NULL;
    repair(stage); /* again, or for the first time */
    start_bystanders(stage);
    return "repaired, ";
}

static const char *judge_reader(struct stage *stage, enum step step, struct result *result)
{
    bool held_up = write_beside_reader(stage, step, result);

    if (stage->action == STEP_FREEZE) {
        resume(stage);
        return "";
    }
    if (!held_up)
        return "";
    repair_after_death(stage);
    return "repaired, ";
}

static const char *judge_writer(struct stage *stage, enum step step, unsigned nth, struct result *result)
{
    if (stage->action == STEP_FREEZE) {
        snprintf(result->others, sizeof result->others, "%s", probe_writer(stage, step, nth));
        resume(stage);
    }
    return end_held(stage) ? "a view evicted, " : "";
}

void conduct_mmap_sync(struct stage *stage, enum step step, unsigned nth, struct result *result)
{
    const char *note;

    alarm(3 * (unsigned)patience_ms() / 1000 + 1); /* ends whatever hangs, and all its children */
    set_stage(stage);
    start_victim(stage, step, nth);
    await_point(stage);
    snprintf(result->seen, sizeof result->seen, "%s", look(stage));
    if (has(stage, WRITES)) /* with its version, and not before */
        check_equal(strcmp(result->seen, "new value") == 0,
                    step == STEP_mmap_sync_version_stored || step == STEP_mmap_sync_published);
    if (has(stage, REPAIRS))
        note = judge_repair(stage, result);
    else if (has(stage, WRITES))
        note = judge_writer(stage, step, nth, result);
    else
        note = judge_reader(stage, step, result);
    check_afterwards(stage, note, result);
    result->done = true;
}
