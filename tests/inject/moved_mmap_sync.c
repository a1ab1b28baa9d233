/* SPDX-License-Identifier: Apache-2.0 */
/* As moved_meanwhile.c, for the files of mmap-sync: they are removed, or replaced by symbolic
   links to somebody's file, right before each single call to libc that creating, taking over,
   reading, inspecting, repairing and removing make. Whatever those calls report, the file behind
   the links stays as it is, nothing stays open, and nobody is told that there is another writer
   when there is none. */
#include "check.h"
#include "inject.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const suffixes[] = {"_state", "_data_0", "_data_1"};
static const char canary_text[] = "nobody's business, and longer than a state of mmap-sync";

enum { FILES = sizeof suffixes / sizeof *suffixes };

static struct {
    const char *prefix, *hidden, *canary;
} places;

static struct inject_counts *counts;
static bool said_busy;

/* ---- What happens meanwhile ---- */

static void remove_files(void)
{
    char name[400];

    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%s%s", places.prefix, suffixes[i]);
        (void)unlink(name);
    }
}

static void put_links_there(void)
{
    char name[400], away[400];

    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%s%s", places.prefix, suffixes[i]);
        snprintf(away, sizeof away, "%s%s", places.hidden, suffixes[i]);
        (void)rename(name, away);
        (void)symlink(places.canary, name);
    }
}

static void (*const moves[])(void) = {remove_files, put_links_there};

enum { MOVES = sizeof moves / sizeof *moves };

/* ---- What is done ---- */

static void write_values(void)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    int code;

    options.lock_wait_ms = options.grace_ms = MMS_NO_WAIT;
    code = mms_writer_open(crate_path(places.prefix), &options, &writer);
    said_busy |= code == MMS_E_BUSY;
    if (code != 0)
        return;
    for (int i = 0; i < 3; i++)
        (void)mms_write(writer, "newer", 5, NULL);
    check_ok(mms_writer_close(writer));
}

static void read_values(void)
{
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    char copy[64];
    size_t size;

    if (mms_region_open(crate_path(places.prefix), NULL, &region) != 0)
        return;
    if (mms_reader_open(region, &reader) == 0) {
        if (mms_read(reader, &view) == 0)
            check_memory(view.data, "value", 5);
        if (mms_read_copy(region, copy, sizeof copy, &size, NULL) == 0)
            check_memory(copy, "value", 5);
        (void)mms_wait(reader, mms_generation(region), 1);
        (void)mms_reader_close(reader);
    }
    check_ok(mms_region_close(region));
}

static void look(void)
{
    mms_info info;

    (void)mms_inspect(places.prefix, &info);
    (void)mms_verify(places.prefix, NULL, NULL);
}

static void repair(void)
{
    (void)mms_repair(places.prefix, MMS_REPAIR_FORCE, 0, NULL);
}

static void remove_them(void)
{
    (void)mms_remove(places.prefix);
}

static const struct {
    const char *name;
    void (*run)(void);
    bool from_nothing;
} works[] = {{"creating", write_values, true}, {"taking over", write_values, false}, {"reading", read_values, false},
             {"looking", look, false},         {"repairing", repair, false},         {"removing", remove_them, false}};

enum { WORKS = sizeof works / sizeof *works };

/* ---- */

static void make_canary(void)
{
    FILE *file = fopen(places.canary, "we");

    check_true(file && fputs(canary_text, file) >= 0 && fclose(file) == 0);
}

static void check_canary(const char *work, unsigned nth)
{
    char text[sizeof canary_text + 16] = "";
    FILE *file = fopen(places.canary, "re");
    size_t size;

    check_true(file != NULL);
    size = fread(text, 1, sizeof text - 1, file);
    check_true(fclose(file) == 0);
    if (size != strlen(canary_text) || strcmp(text, canary_text) != 0)
        check_failed(__FILE__, __LINE__, "%s changed what the links lead to, which came before call %u", work, nth);
}

static void make_value(void)
{
    mms_writer *writer;

    check_ok(mms_writer_open(crate_path(places.prefix), NULL, &writer));
    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
}

static void clear(void)
{
    const char *const prefixes[] = {places.prefix, places.hidden};
    char name[400];

    for (int i = 0; i < 2 * FILES; i++) {
        snprintf(name, sizeof name, "%s%s", prefixes[i / FILES], suffixes[i % FILES]);
        (void)unlink(name);
    }
}

static void move_before(int work, unsigned nth, void (*move)(void))
{
    static const pid_t only_us[] = {1, 0}; /* other processes do not matter here */
    struct inject_holdings before;

    if (!works[work].from_nothing)
        make_value();
    before = inject_holdings();
    said_busy = false;
    inject_processes(only_us);
    inject_before(nth, move);
    inject_arm(&(struct inject_plan){.nth = 0});
    works[work].run();
    inject_disarm();
    inject_before(0, NULL);
    check_canary(works[work].name, nth);
    if (said_busy)
        check_failed(__FILE__, __LINE__, "%s, call %u: there is no other writer: %s", works[work].name, nth,
                     mms_last_error());
    if (inject_holdings().maps - before.maps > 1) /* a page of the process, from the first call on */
        check_failed(__FILE__, __LINE__, "%s left mappings, after a move before call %u", works[work].name, nth);
    check_equal(inject_holdings().blocks, before.blocks);
    clear();
}

static void moves_change_nothing_outside(void **state)
{
    places.prefix = scratch_path(state, "value");
    places.hidden = scratch_path(state, "hidden");
    places.canary = scratch_path(state, "canary");
    make_canary();
    for (int work = 0; work < WORKS; work++) {
        unsigned calls;

        move_before(work, 0, NULL);
        calls = counts->all;
        for (unsigned nth = 1; nth <= calls; nth++)
            for (int move = 0; move < MOVES; move++)
                move_before(work, nth, moves[move]);
        print_message("%s: %u calls, %d moves before each\n", works[work].name, calls, MOVES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(moves_change_nothing_outside)};

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
