/* SPDX-License-Identifier: Apache-2.0 */
/* The region's name is given to something else right before each single call to libc that
   creating, taking over, replacing, removing, opening, copying and inspecting make: to another
   directory, to a symbolic link to files named like a region's, or to nothing. Whatever those
   calls report, everything outside stays as it is, where it is. The systematic form of
   crash/swapped_directory. */
#include "check.h"
#include "inject.h"
#include "sample.h"
#include "scratch.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    const char *parent, *region, *canary, *decoy, *hidden;
    uint64_t canary_digest, decoy_digest;
    ino_t decoy_inode;
    bool may_stay;
} places;

static struct inject_counts *counts;

/* ---- What happens meanwhile ---- */

static void exchange_for_decoy(void)
{
    (void)renameat2(AT_FDCWD, places.region, AT_FDCWD, places.decoy, RENAME_EXCHANGE);
}

static void put_link_there(void)
{
    (void)rename(places.region, places.hidden);
    (void)symlink(places.canary, places.region);
}

static void delete_it(void)
{
    scratch_delete(places.region);
}

static void (*const moves[])(void) = {exchange_for_decoy, put_link_there, delete_it};

enum { MOVES = sizeof moves / sizeof *moves };

/* ---- What is done ---- */

static void open_for_writing(uint64_t max_size)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.max_size = max_size;
    options.replace = true;
    if (mms_writer_open(places.region, &options, &writer) != 0)
        return;
    for (int i = 0; i < 3; i++)
        (void)mms_write(writer, "newer", 5, NULL);
    check_ok(mms_writer_close(writer));
}

static void take_over(void)
{
    open_for_writing(0);
}

static void replace(void)
{
    open_for_writing(1 << 18);
}

static void open_for_reading(void)
{
    mms_region *region;
    mms_reader *reader;
    char copy[64];
    size_t size;

    if (mms_region_open(places.region, NULL, &region) != 0)
        return;
    if (mms_reader_open(region, &reader) == 0) {
        mms_view view;

        if (mms_read(reader, &view) == 0)
            check_memory(view.data, "value", 5);
        (void)mms_wait(reader, mms_generation(region), 1);
        (void)mms_reader_close(reader);
    }
    (void)mms_read_copy(region, copy, sizeof copy, &size, NULL);
    check_ok(mms_region_close(region));
}

static void look(void)
{
    mms_info info;

    (void)mms_inspect(places.region, &info);
    (void)mms_verify(places.region, NULL, NULL);
}

static void remove_it(void)
{
    (void)mms_remove(places.region);
}

static const struct {
    const char *name;
    void (*run)(void);
    bool from_nothing;
} works[] = {{"creating", take_over, true},        {"taking over", take_over, false}, {"replacing", replace, false},
             {"reading", open_for_reading, false}, {"looking", look, false},          {"removing", remove_it, false}};

enum { WORKS = sizeof works / sizeof *works };

/* ---- */

/* Wherever it is; static memory. */
static const char *find_decoy(void)
{
    static char path[512];
    DIR *entries = opendir(places.parent);
    struct stat status;
    bool found = false;

    check_true(entries != NULL);
    for (struct dirent *entry; !found && (entry = readdir(entries));) {
        snprintf(path, sizeof path, "%s/%s", places.parent, entry->d_name);
        found = lstat(path, &status) == 0 && status.st_ino == places.decoy_inode;
    }
    closedir(entries);
    return found ? path : places.decoy;
}

static void make_canary(void)
{
    static const char *const names[] = {"control", "readers", "data", "lock"};
    char path[512];

    check_true(mkdir(places.canary, 0755) == 0);
    for (int i = 0; i < 4; i++) {
        FILE *file;

        snprintf(path, sizeof path, "%s/%s", places.canary, names[i]);
        file = fopen(path, "we");
        check_true(file && fputs("nobody's business", file) >= 0 && fclose(file) == 0);
    }
    places.canary_digest = tree_digest(places.canary);
}

static void make_decoy(void)
{
    struct stat status;
    char path[512];

    check_true(mkdir(places.decoy, 0755) == 0);
    snprintf(path, sizeof path, "%s/precious", places.decoy);
    check_true(mkdir(path, 0755) == 0);
    check_true(stat(places.decoy, &status) == 0);
    places.decoy_inode = status.st_ino;
    places.decoy_digest = tree_digest(places.decoy);
}

/* Under its own name or the region's; or under any, if that name could not be given back. */
static void check_decoy(const char *work, unsigned nth)
{
    const char *const names[] = {places.region, places.decoy, find_decoy()};
    int count = places.may_stay ? 3 : 2;
    struct stat status;

    for (int i = 0; i < count; i++)
        if (lstat(names[i], &status) == 0 && status.st_ino == places.decoy_inode) {
            check_equal(tree_digest(names[i]), places.decoy_digest);
            return;
        }
    check_failed(__FILE__, __LINE__, "%s: what took the region's name before call %u is not where it was put", work,
                 nth);
}

static void clear(void)
{
    DIR *entries = opendir(places.parent);
    char path[512];

    check_true(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, "canary") != 0) {
            snprintf(path, sizeof path, "%s/%s", places.parent, entry->d_name);
            scratch_delete(path);
        }
    closedir(entries);
}

static const struct inject_plan nothing_fails = {.nth = 0};

static void move_before(int work, unsigned nth, void (*move)(void), const struct inject_plan *plan)
{
    struct inject_holdings before;

    make_decoy();
    if (!works[work].from_nothing)
        (void)sample_closed_region(places.region, "value");
    before = inject_holdings();
    inject_before(nth, move);
    inject_arm(plan);
    works[work].run();
    inject_disarm();
    check_equal(tree_digest(places.canary), places.canary_digest);
    check_decoy(works[work].name, nth);
    if (inject_holdings().maps - before.maps > 1) /* a page of the process, from the first call on */
        check_failed(__FILE__, __LINE__, "%s left mappings, after a move before call %u", works[work].name, nth);
    check_equal(inject_holdings().blocks, before.blocks);
    clear();
}

static void moves_change_nothing_outside(void **state)
{
    if (sizeof(void *) == 8)
        skip_under_emulator(
            "what was moved away is made anew by default, 512 GiB, and qemu keeps a record of every page");
    places.region = scratch_path(state, "region");
    places.canary = scratch_path(state, "canary");
    places.decoy = scratch_path(state, "decoy");
    places.hidden = scratch_path(state, "hidden");
    places.parent = scratch_path(state, ".");
    make_canary();
    for (int work = 0; work < WORKS; work++) {
        unsigned calls;

        move_before(work, 0, NULL, &nothing_fails);
        calls = counts->all;
        for (unsigned nth = 1; nth <= calls; nth++)
            for (int move = 0; move < MOVES; move++)
                move_before(work, nth, moves[move], &nothing_fails);
        print_message("%s: %u calls, %d moves before each\n", works[work].name, calls, MOVES);
    }
}

static bool has_value(const char *path)
{
    mms_region *region;
    char copy[8];
    size_t size;
    bool has = false;

    if (mms_region_open(path, NULL, &region) != 0)
        return false;
    has = mms_read_copy(region, copy, sizeof copy, &size, NULL) == 0 && size == 5 &&
          (memcmp(copy, "value", 5) == 0 || memcmp(copy, "newer", 5) == 0);
    check_ok(mms_region_close(region));
    return has;
}

/* Of all the renames tried, the first gives the new region its name, and the others fail. Whatever
   has some name by then stays: the old region, wherever it was moved to, and the new one if it has
   the name. */
static void replace_with_one_rename(unsigned nth)
{
    struct stat status;

    make_decoy();
    (void)sample_closed_region(places.region, "value");
    inject_before(nth, exchange_for_decoy);
    inject_arm(&(struct inject_plan){.kind = INJECT_renameat2, .nth = 2, .error = EIO, .times = 1 << 30});
    replace();
    inject_disarm();
    inject_before(0, NULL);
    check_decoy("replacing", nth);
    check_true(has_value(places.region) || has_value(places.decoy));
    if (lstat(places.region, &status) == 0 && status.st_ino != places.decoy_inode)
        check_true(has_value(places.region));
    clear();
}

static void a_name_that_cannot_be_restored_loses_nothing(void **state)
{
    unsigned calls;

    if (sizeof(void *) == 8)
        skip_under_emulator("what was moved away is made anew by default, and qemu keeps a record of every page");
    places.region = scratch_path(state, "region");
    places.decoy = scratch_path(state, "decoy");
    places.parent = scratch_path(state, ".");
    places.may_stay = true;
    replace_with_one_rename(0);
    calls = counts->all;
    for (unsigned nth = 1; nth <= calls; nth++)
        replace_with_one_rename(nth);
    places.may_stay = false;
}

static unsigned hide_after; /* calls */

static void hide_it(void)
{
    (void)rename(places.region, places.hidden);
}

/* And whatever gets the name soon after that is taken away as well. */
static void exchange_then_hide(void)
{
    exchange_for_decoy();
    inject_before(counts->all + hide_after, hide_it);
}

/* True if the decoy has the name, although something else had it and was taken away. */
static bool replace_with_two_moves(unsigned nth)
{
    struct stat named, hidden;

    make_decoy();
    (void)sample_closed_region(places.region, "value");
    inject_before(nth, exchange_then_hide);
    inject_arm(&nothing_fails);
    replace();
    inject_disarm();
    inject_before(0, NULL);
    check_decoy("replacing", nth);
    return lstat(places.region, &named) == 0 && named.st_ino == places.decoy_inode &&
           lstat(places.hidden, &hidden) == 0;
}

static void a_name_that_has_become_free_is_restored(void **state)
{
    unsigned given_back = 0;

    if (sizeof(void *) == 8)
        skip_under_emulator("what was moved away is made anew by default, and qemu keeps a record of every page");
    places.region = scratch_path(state, "region");
    places.decoy = scratch_path(state, "decoy");
    places.hidden = scratch_path(state, "hidden");
    places.parent = scratch_path(state, ".");
    places.may_stay = true;
    for (hide_after = 1; hide_after <= 3; hide_after++)
        for (unsigned nth = 1; nth == 1 || nth <= counts->all; nth++) {
            given_back += replace_with_two_moves(nth);
            clear();
        }
    check_true(given_back > 0);
    places.may_stay = false;
}

static void make_empty_decoy(void)
{
    check_true(mkdir(places.decoy, 0755) == 0);
}

static void make_region_decoy(void)
{
    (void)sample_closed_region(places.decoy, "value");
}

/* Of the renames of a removal, the first takes the name away, and the ones that fail would give it
   back to the decoy that had got it. Whatever it is, the next writer does not sweep it, and the
   error says what it is called. True if it came to that. */
static bool remove_with_renames_failing(void (*make)(void), unsigned nth, unsigned times)
{
    struct stat status;
    bool told;

    make();
    check_true(stat(places.decoy, &status) == 0);
    places.decoy_inode = status.st_ino;
    places.decoy_digest = tree_digest(places.decoy);
    (void)sample_closed_region(places.region, "value");
    inject_before(nth, exchange_for_decoy);
    inject_arm(&(struct inject_plan){.kind = INJECT_renameat2, .nth = 2, .error = EEXIST, .times = times});
    remove_it();
    inject_disarm();
    inject_before(0, NULL);
    told = strstr(mms_last_error(), "could not be given it back") != NULL;
    if (told || make != make_region_decoy) /* it removes what has the name when it begins */
        check_decoy("removing", nth);
    if (told) {
        check_true(strstr(mms_last_error(), strrchr(find_decoy(), '/')) != NULL);
        if (times == 1) {
            (void)sample_closed_region(places.region, "newer");
            check_decoy("the next writer", nth);
        }
    }
    clear();
    return told;
}

static void what_cannot_be_put_back_is_named_and_never_swept(void **state)
{
    static void (*const makers[])(void) = {make_empty_decoy, make_decoy, make_region_decoy};
    unsigned told = 0;

    if (sizeof(void *) == 8)
        skip_under_emulator("what was moved away is made anew by default, and qemu keeps a record of every page");
    places.region = scratch_path(state, "region");
    places.decoy = scratch_path(state, "decoy");
    places.parent = scratch_path(state, ".");
    places.may_stay = true;
    for (int make = 0; make < 3; make++)
        for (unsigned times = 1; times < 1 << 16; times += 1 << 15)
            for (unsigned nth = 1; nth == 1 || nth <= counts->all; nth++)
                told += remove_with_renames_failing(makers[make], nth, times);
    print_message("names that could not be given back: %u\n", told);
    check_true(told >= 6);
    places.may_stay = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(moves_change_nothing_outside),
                                       scratch_test(a_name_that_cannot_be_restored_loses_nothing),
                                       scratch_test(a_name_that_has_become_free_is_restored),
                                       scratch_test(what_cannot_be_put_back_is_named_and_never_swept)};

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
