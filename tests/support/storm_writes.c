/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in a storm. */
#include "region/writer.h"
#include "sample.h"
#include "storm_state.h"
#include <errno.h>
#include <mmsync/durable.h>
#include <mmsync/history.h>
#include <mmsync/table.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_SLOTS = 64 };

/* False if it was refused for a reason that is none of the writer's: readers hold all slots, the
   value is too large, or there are no descriptors. */
static bool is_done(int code)
{
    if (code == MMS_E_AGAIN || code == MMS_E_TOO_BIG || (code == -EMFILE && storm.starved)) {
        storm_done.refusals++;
        storm_done.starved += code == -EMFILE;
        return false;
    }
    check_ok(code);
    return true;
}

/* ---- What others do to a writer ---- */

/* The host program closes the descriptors of the region, and there are no new ones. */
static void starve(void)
{
    struct rlimit none;
    char link[64], target[512];

    for (int fd = 3; fd < 256; fd++) {
        ssize_t length;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (strncmp(target, storm.path, strlen(storm.path)) == 0 && strstr(target + strlen(storm.path), "/d"))
            check_ok(close(fd));
    }
    check_ok(getrlimit(RLIMIT_NOFILE, &storm.descriptors));
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = storm.descriptors.rlim_max};
    check_ok(setrlimit(RLIMIT_NOFILE, &none));
    storm.starved = true;
}

void storm_feed(void)
{
    if (storm.starved)
        check_ok(setrlimit(RLIMIT_NOFILE, &storm.descriptors));
    storm.starved = false;
}

/* As if time had passed, or none: whichever scan, check or return of memory is due comes now. */
static void turn_the_clock(void)
{
    struct mms__pool *pool = &mms__native_writer_of(storm.writer)->pool;

    switch (below(8)) {
    case 0: pool->last_full_ns = 0; break;
    case 1: pool->quick_due = pool->generation + below(3); break;
    case 2:
        pool->last_full_ns = 0;
        pool->quick_due = pool->generation + below(3);
        break;
    case 3:
        pool->last_full_ns = 0;
        pool->last_care_ns = 0;
        break;
    case 4: pool->last_check_ns = 0; break;
    case 5: pool->usual_size /= 8; break;
    case 6: pool->round = (uint32_t)below(40); break;
    default: pool->last_punch_look_ns = 0;
    }
}

/* ---- What a writer does ---- */

/* A table, or a write of `size` bytes. */
struct change {
    mms_table *table;
    size_t size;
};

static int commit(const struct change *change)
{
    return change->table ? mms_table_commit(change->table, NULL) : mms_write_commit(storm.writer, change->size, NULL);
}

static void give_up(const struct change *change)
{
    check_ok(change->table ? mms_table_abort(change->table) : mms_write_abort(storm.writer));
    storm_done.aborts++;
}

/* Commit, sometimes without descriptors; what is refused is tried again or given up. False: nothing
   was published. */
static bool finish(const struct change *change)
{
    bool published;

    if (storm.kind->durable && one_in(4))
        starve();
    published = is_done(commit(change));
    storm_feed();
    if (!published && one_in(2))
        published = is_done(commit(change));
    if (!published)
        give_up(change);
    storm_done.commits += published;
    return published;
}

static void put_some(mms_table *table, struct contents *contents, int key)
{
    static unsigned char bytes[LARGEST];
    size_t size = (size_t)below(one_in(4) ? LARGEST : 1000);

    storm_entry_bytes(key, ++storm.version, bytes, size);
    if (is_done(mms_table_put(table, &key, sizeof key, bytes, size))) {
        contents->version[key] = storm.version;
        contents->size[key] = (uint32_t)size;
    }
}

static void delete_some(mms_table *table, struct contents *contents, int key)
{
    int code = mms_table_delete(table, &key, sizeof key);

    if (code == MMS_E_NOT_FOUND)
        check_equal(contents->version[key], 0);
    else if (is_done(code))
        contents->version[key] = 0;
}

static void change_some(mms_table *table, struct contents *contents)
{
    uint64_t count = 1 + below(one_in(6) ? KEYS : 4);

    if (one_in(40) && is_done(mms_table_clear(table)))
        memset(contents, 0, sizeof *contents);
    while (count-- > 0) {
        int key = (int)below(KEYS);

        if (one_in(4))
            turn_the_clock();
        if (one_in(4))
            delete_some(table, contents, key);
        else
            put_some(table, contents, key);
    }
}

static void write_table(void)
{
    struct contents contents = storm.now;
    struct change change = {NULL, 0};
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    if (storm.kind->cache)
        options.max_bytes = 1 << 30;
    if (storm.kind->typed) {
        memcpy(options.type_id, storm_type, sizeof storm_type);
        options.schema = storm_schema;
        options.schema_size = SCHEMA_SIZE;
    }
    if (!is_done(mms_table_begin(storm.writer, &options, &change.table)))
        return;
    change_some(change.table, &contents);
    if (one_in(4))
        give_up(&change);
    else if (finish(&change))
        storm.now = contents;
}

/* The value as it is, by a write that was begun for a longer one. */
static void rewrite(void)
{
    struct change change = {NULL, 0};
    mms_view view;
    void *buffer;

    if (!storm_read_current(&view))
        return;
    change.size = view.size;
    if (is_done(mms_write_begin(storm.writer, view.size + (size_t)below(view.size), &buffer, NULL))) {
        memcpy(buffer, view.data, view.size);
        if (storm.kind->typed)
            check_ok(mms_write_set_type(storm.writer, storm_type, storm_schema, SCHEMA_SIZE));
        finish(&change);
    }
    check_ok(mms_release(storm.look));
}

/* A write or an update that overwrites half of the value, grows, and is given up. */
static void scribble(void)
{
    const struct change change = {NULL, 0};
    size_t size;
    mms_view view;
    void *buffer;

    if (!storm_read_current(&view))
        return;
    size = view.size;
    check_ok(mms_release(storm.look));
    if (!is_done(one_in(2) ? mms_write_begin(storm.writer, size, &buffer, NULL)
                           : mms_write_update(storm.writer, size, &buffer, &size, NULL)))
        return;
    memset(buffer, 'x', size / 2);
    if (one_in(2) && is_done(mms_write_grow(storm.writer, 2 * size, &buffer)))
        memset(buffer, 'y', 2 * size);
    give_up(&change);
}

static void go_back(void)
{
    mms_past_value values[MOST_SLOTS];
    size_t count, at;
    uint64_t generation;

    check_ok(mms_history(storm.path, values, MOST_SLOTS, &count));
    if (count < 2)
        return;
    generation = values[1 + below(count - 1)].generation;
    at = (size_t)(generation % PAST);
    if (storm.past[at].generation == generation && is_done(mms_write_rollback(storm.writer, generation, NULL))) {
        storm.now = storm.past[at].contents;
        storm_done.rollbacks++;
    }
}

static void sync_now(void)
{
    if (!storm.kind->durable)
        return;
    if (one_in(3))
        starve();
    (void)is_done(mms_sync(storm.writer));
    storm_feed();
}

static void renew_writer(void)
{
    check_ok(mms_writer_close(storm.writer));
    storm.writer = sample_writer_with(storm.path, storm.options);
}

void storm_do_anything(void)
{
    uint64_t what = below(100);

    if (what < 46)
        write_table();
    else if (what < 56)
        go_back();
    else if (what < 61)
        rewrite();
    else if (what < 67)
        scribble();
    else if (what < 85)
        storm_hold_or_release(&storm.holders[below(READERS)]);
    else if (what < 96)
        turn_the_clock();
    else if (what < 99)
        sync_now();
    else
        renew_writer();
}
