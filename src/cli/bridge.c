/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bridge.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/lock_wait.h"
#include "cli/message.h"
#include "cli/output_watch.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Between checks that both sides are still what was opened, and between retries. */
enum { LOOK_MS = 500, RETRY_MS = 100 };

/* ---- What is said ---- */

/* A condition that lasts gets one line, not one for each try. */
static void say_once(struct bridge *bridge, const char *text)
{
    if (!strcmp(text, bridge->said))
        return;
    snprintf(bridge->said, sizeof bridge->said, "%s", text);
    note("%s", text);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Whether an error passes once other processes have gone on; then this waits a little. --once
   waits for nothing. */
static bool passes(struct bridge *bridge, int code)
{
    switch (code) {
    case -ENOENT:
    case -ENOSPC:
    case -EDQUOT:
    case MMS_E_EMPTY:
    case MMS_E_GONE:
    case MMS_E_AGAIN:
    case MMS_E_BUSY: /* another writer has TO: it will end */
    case MMS_E_EVICTED:
    case MMS_E_CORRUPT: /* the value is being replaced, or the files are being made */ break;
    default: return false;
    }
    if (bridge->once || bridge->hopeless)
        return false;
    say_once(bridge, last_error());
    pause_ms(RETRY_MS);
    return true;
}

/* ---- The two sides ---- */

static void close_from(struct bridge *bridge)
{
    mms_reader_close(bridge->reader);
    mms_region_close(bridge->region);
    bridge->reader = NULL;
    bridge->region = NULL;
    bridge->seen = 0;
}

static void close_to(struct bridge *bridge)
{
    mms_writer_close(bridge->writer);
    bridge->writer = NULL;
    bridge->seen = 0;
}

static int identify(const char *path, uint64_t id[2])
{
    mms_info info;
    int code = mms_inspect(path, &info);

    if (code == 0)
        memcpy(id, info.region_id, sizeof info.region_id);
    return code;
}

/* The path is looked up before and after the open: if it led to the same both times, that is
   what was opened. */
static int open_from(struct bridge *bridge)
{
    int code;

    do {
        uint64_t before[2];

        close_from(bridge);
        code = identify(bridge->from, before);
        if (code == 0)
            code = mms_region_open(bridge->from, &bridge->reading, &bridge->region);
        if (code == 0)
            code = identify(bridge->from, bridge->from_id);
        if (code == 0 && memcmp(before, bridge->from_id, sizeof before) == 0)
            break;
    } while (code == 0 && !interrupted());
    if (code == 0 && !mms_region_read_only(bridge->region)) {
        code = mms_reader_open(bridge->region, &bridge->reader);
        if (code == MMS_E_FULL)
            code = 0;
    }
    if (code != 0)
        close_from(bridge);
    return code;
}

static int open_to(struct bridge *bridge)
{
    int code = open_writer(bridge->to, &bridge->writing, &bridge->writer);

    if (code == -ENOENT) /* a writer makes the files, but not their directory */
        bridge->hopeless = !bridge->writable;
    if (code == 0)
        code = identify(bridge->to, bridge->to_id);
    bridge->writable |= code == 0;
    if (code != 0)
        close_to(bridge);
    return code;
}

static bool is_still(const char *path, const uint64_t id[2])
{
    uint64_t now[2];

    return identify(path, now) == 0 && now[0] == id[0] && now[1] == id[1];
}

/* Nobody is told when a side is removed by hand. */
static void drop_what_is_gone(struct bridge *bridge)
{
    if (bridge->region && !is_still(bridge->from, bridge->from_id))
        close_from(bridge);
    if (bridge->writer && !is_still(bridge->to, bridge->to_id))
        close_to(bridge);
}

/* ---- A value ---- */

/* It may wait for readers of TO as long as --grace says, so nothing of FROM is held meanwhile. */
static int begin_write(const struct bridge *bridge, void **buffer)
{
    int code;

    interrupt_kills(true);
    code = mms_write_begin(bridge->writer, 0, buffer, NULL);
    interrupt_kills(false);
    return code;
}

/* The value of FROM, into the write of TO that is begun. */
static int fetch_view(struct bridge *bridge, void **buffer, size_t *size, uint64_t *generation)
{
    mms_view view;
    int code = mms_read(bridge->reader, &view), end;

    if (code != 0)
        return code;
    code = mms_write_grow(bridge->writer, view.size, buffer);
    if (code == 0) {
        memcpy(*buffer, view.data, view.size);
        *size = view.size;
        *generation = view.generation;
    }
    end = mms_release(bridge->reader);
    return code != 0 ? code : end;
}

static int fetch_copy(struct bridge *bridge, void **buffer, size_t *size, uint64_t *generation)
{
    size_t capacity = 0;
    int code;

    while ((code = mms_read_copy(bridge->region, *buffer, capacity, size, generation)) == MMS_E_TOO_BIG) {
        capacity = *size;
        code = mms_write_grow(bridge->writer, capacity, buffer);
        if (code != 0)
            break;
    }
    return code;
}

/* What TO holds is compared once, after it was opened; from then on the generation of FROM
   tells. */
static bool has_it_already(struct bridge *bridge, const void *data, size_t size)
{
    mms_region_options options = bridge->reading;
    mms_region *region = NULL;
    mms_info info;
    bool same = false;
    size_t found;
    void *copy;

    if (bridge->seen != 0 || bridge->type.text || mms_inspect(bridge->to, &info) != 0 || info.generation == 0 ||
        info.size != size)
        return false;
    copy = malloc(size > 0 ? size : 1);
    options.read_only = true;
    if (bridge->to_format != FORMAT_MMAP_SYNC)
        options.mmap_sync = NULL;
    if (copy && mms_region_open(bridge->to, &options, &region) == 0)
        same = mms_read_copy(region, copy, size, &found, NULL) == 0 && found == size && memcmp(copy, data, size) == 0;
    mms_region_close(region);
    free(copy);
    return same;
}

static void print_value(uint64_t generation, const mms_receipt *receipt, bool reset)
{
    if (wants_json())
        printf("{\"from\": %" PRIu64 ", \"to\": %" PRIu64 ", \"size\": %zu, \"reset\": %s}\n", generation,
               receipt->generation, receipt->size, reset ? "true" : "false");
    else
        printf("from=%" PRIu64 " to=%" PRIu64 " size=%zu%s\n", generation, receipt->generation, receipt->size,
               reset ? " reset" : "");
}

/* Of mmap-sync's files it is this that waits for readers. */
static int commit(const struct bridge *bridge, size_t size, mms_receipt *receipt)
{
    int code;

    interrupt_kills(true);
    code = mms_write_commit(bridge->writer, size, receipt);
    interrupt_kills(false);
    return code;
}

static int publish(struct bridge *bridge, const void *buffer, size_t size, uint64_t generation)
{
    mms_receipt receipt;
    int code = file_type_apply(&bridge->type, bridge->writer, buffer, size);

    while (code == 0 && (code = commit(bridge, size, &receipt)) == MMS_E_AGAIN && !bridge->once && !interrupted() &&
           mms_generation(bridge->region) == generation) {
        say_once(bridge, last_error());
        code = 0;
    }
    if (code != 0)
        return code;
    bridge->copied++;
    *bridge->said = '\0';
    if (!bridge->quiet)
        print_value(generation, &receipt, mms_mmap_sync_was_reset(bridge->writer));
    return 0;
}

static int copy_value(struct bridge *bridge)
{
    uint64_t generation = 0;
    char detail[512];
    void *buffer = NULL;
    size_t size = 0;
    int code = begin_write(bridge, &buffer);

    if (code != 0)
        return code;
    code = (bridge->reader ? fetch_view : fetch_copy)(bridge, &buffer, &size, &generation);
    if (code == 0 && has_it_already(bridge, buffer, size)) {
        mms_write_abort(bridge->writer);
        bridge->seen = generation;
        return 0;
    }
    if (code == 0)
        code = publish(bridge, buffer, size, generation);
    if (code == 0) {
        bridge->seen = generation;
        return 0;
    }
    snprintf(detail, sizeof detail, "%s", last_error());
    mms_write_abort(bridge->writer);
    if (code == MMS_E_EVICTED || code == MMS_E_AGAIN)
        say_once(bridge, detail);
    return code;
}

/* ---- Following ---- */

static int await_change(struct bridge *bridge)
{
    int code = mms_region_wait(bridge->region, bridge->seen, LOOK_MS);

    return code == MMS_E_TIMEOUT || code == -EINTR ? 0 : code;
}

/* Copy what is new, and wait for what comes next: 0, or a code. */
static int copy_next(struct bridge *bridge)
{
    int code;

    if (!bridge->region && (code = open_from(bridge)) != 0)
        return code;
    /* TO is not made for nothing; this says EMPTY, or GONE */
    if (mms_generation(bridge->region) == 0 && (code = mms_read_copy(bridge->region, NULL, 0, NULL, NULL)) != 0)
        return code;
    if (!bridge->writer && (code = open_to(bridge)) != 0)
        return code;
    if ((bridge->seen == 0 || mms_generation(bridge->region) != bridge->seen) && (code = copy_value(bridge)) != 0)
        return code;
    return bridge->once ? 0 : await_change(bridge);
}

static bool is_finished(const struct bridge *bridge)
{
    return interrupted() || output_is_closed() || !flush_output() ||
           (bridge->count > 0 && bridge->copied >= bridge->count);
}

int bridge_follow(struct bridge *bridge)
{
    while (!is_finished(bridge)) {
        int code = copy_next(bridge);

        if (code != 0 && !interrupted()) {
            if (!passes(bridge, code))
                return fail_call(code);
            if (code == MMS_E_GONE)
                drop_what_is_gone(bridge);
        }
        if (code == 0 && bridge->once)
            break;
        drop_what_is_gone(bridge);
    }
    return output_is_closed() ? EXIT_FAILED : EXIT_OK;
}

void bridge_close(struct bridge *bridge)
{
    close_from(bridge);
    close_to(bridge);
    file_type_free(&bridge->type);
}
