/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder.h"
#include "pattern.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/durable.h>
#include <mmsync/history.h>
#include <stdlib.h>
#include <string.h>

struct recorded past;

mms_writer_options durable_options(void)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = SIZE_MOST;
    options.max_slots = 6;
    options.max_readers = 4;
    options.changes_size = 4096;
    options.lock_wait_ms = MMS_NO_WAIT;
    options.grace_ms = MMS_NO_WAIT;
    options.durable = MMS_DURABLE_COMMIT;
    return options;
}

static struct replay_value *next_value(void)
{
    check_true(past.count + 1 < VALUES_MOST);
    past.count++;
    past.values[past.count].bytes = past.bytes[past.count];
    return &past.values[past.count];
}

/* The commit of the value that next_value has described begins. */
static void begun(void)
{
    disk_note(DISK_BEGUN, past.count);
}

static void returned(const mms_receipt *receipt)
{
    past.values[past.count].generation = receipt->generation;
    disk_note(DISK_RETURNED, past.count);
}

/* The next value has so many bytes; its commit begins. */
static const struct replay_value *begin_value(size_t size)
{
    struct replay_value *value = next_value();

    pattern_fill(past.bytes[past.count], size, PATTERN_FREE_SEED | past.count);
    value->size = size;
    begun();
    return value;
}

void publish(size_t size)
{
    const struct replay_value *value = begin_value(size);
    mms_receipt receipt;

    check_ok(mms_write(past.writer, value->bytes, size, &receipt));
    returned(&receipt);
}

void publish_unsynced(size_t size)
{
    const struct replay_value *value = begin_value(size);
    mms_receipt receipt;

    check_ok(mms_write(past.writer, value->bytes, size, &receipt));
    past.values[past.count].generation = receipt.generation;
}

void publish_in_vain(size_t size, int code)
{
    const struct replay_value *value = begin_value(size);

    check_code(mms_write(past.writer, value->bytes, size, NULL), code);
}

void sync_values(void)
{
    check_ok(mms_sync(past.writer));
    disk_note(DISK_RETURNED, past.count);
}

void change(size_t at, size_t length)
{
    const struct replay_value *old = &past.values[past.count];
    struct replay_value *value = next_value();
    size_t size;
    void *buffer;
    mms_receipt receipt;

    memcpy(past.bytes[past.count], old->bytes, old->size);
    value->size = old->size;
    pattern_fill(past.bytes[past.count] + at, length, PATTERN_FREE_SEED | (1000 + past.count));
    begun();
    check_ok(mms_write_update(past.writer, 0, &buffer, &size, NULL));
    check_equal(size, value->size);
    check_ok(mms_write_patch(past.writer, at, past.bytes[past.count] + at, length));
    check_ok(mms_write_commit(past.writer, size, &receipt));
    returned(&receipt);
}

void abandon(void)
{
    void *buffer;

    check_ok(mms_write_begin(past.writer, SIZE_MOST, &buffer, NULL));
    memset(buffer, 0xee, SIZE_MOST);
    check_ok(mms_write_abort(past.writer));
}

void go_back(unsigned by)
{
    const struct replay_value *old = &past.values[past.count - by];
    struct replay_value *value = next_value();
    mms_receipt receipt;

    memcpy(past.bytes[past.count], old->bytes, old->size);
    value->size = old->size;
    begun();
    check_ok(mms_write_rollback(past.writer, old->generation, &receipt));
    returned(&receipt);
}

void reopen(const char *path, mms_writer_options options)
{
    check_ok(mms_writer_close(past.writer));
    past.writer = sample_writer_with(path, options);
}

const char *set_up(void **state, mms_writer_options options)
{
    const char *path = scratch_path(state, "region");

    memset(&past, 0, sizeof past);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    disk_record(path);
    past.writer = sample_writer_with(path, options);
    return path;
}

static unsigned states(void)
{
    const char *given = getenv("MMSYNC_POWER_CUTS"); /* script/power-cuts */

    return given ? (unsigned)atoi(given) : 4;
}

void fail_the_power_of(void **state, struct replay replay)
{
    struct disk_log log;

    check_ok(mms_writer_close(past.writer));
    log = disk_stop();
    replay.log = &log;
    replay.values = past.values;
    if (replay.states == 0)
        replay.states = states();
    replay.random = 88172645463325252u;
    replay.path = scratch_path(state, "after");
    replay_cuts(&replay);
    print_message("%llu cuts, %llu states, %llu after a second cut\n", (unsigned long long)replay.cuts,
                  (unsigned long long)replay.tried, (unsigned long long)replay.again);
    disk_free(&log);
}

void fail_the_power(void **state)
{
    fail_the_power_of(state, (struct replay){.nested = true});
}
