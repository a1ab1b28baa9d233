/* SPDX-License-Identifier: Apache-2.0 */
/* A process that may write the region's directory and its parent moves things around while others
   create, write, read, replace, remove and inspect: the region and its files become symbolic links
   to other files, directories, pipes, another region, or nothing. Whatever the calls say, no file
   outside is created, changed, or even opened, no process crashes or hangs, and what is read is
   whole.

   swapped_directory [--seconds N]: how long (2 by default). */
#include "base/libc.h"
#include "forked.h"
#include "pattern.h"
#include "sample.h"
#include "scratch.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST = 4096 };

static int seconds = 2;

static struct board {
    uint32_t stop;
    mms__word swaps, worked, refused; /* of 64 bits in one piece */
} * board;

static struct places {
    const char *parent, *region, *hidden, *canary, *decoy, *twin;
} places;

static bool stopped(void)
{
    return __atomic_load_n(&board->stop, __ATOMIC_RELAXED);
}

static void note(int code)
{
    (void)__atomic_add_fetch(code == 0 ? &board->worked : &board->refused, 1, __ATOMIC_RELAXED);
}

/* ---- What must not be touched ---- */

static void make_file(const char *directory, const char *name, const char *text, size_t size)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "we");
    check_true(file && fputs(text, file) >= 0 && fclose(file) == 0 && truncate(path, (off_t)size) == 0);
}

static void make_canary(const char *path)
{
    static const char *const names[] = {"control", "readers", "data", "lock", "other"};

    check_true(mkdir(path, 0755) == 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        make_file(path, names[i], "nobody's business", 8192);
}

static int watch(const char *path)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    check_true(fd >= 0);
    check_true(inotify_add_watch(fd, path, IN_ALL_EVENTS) >= 0);
    return fd;
}

static void check_unwatched(int fd)
{
    char events[4096] __attribute__((aligned(8)));
    ssize_t size = read(fd, events, sizeof events);

    if (size > 0) {
        const struct inotify_event *event = (const struct inotify_event *)(const void *)events;

        check_failed(__FILE__, __LINE__, "the other directory's `%s` was touched (inotify mask %#x)",
                     event->len ? event->name : "", event->mask);
    }
    close(fd);
}

static ino_t inode_of(const char *path)
{
    struct stat status;

    check_true(lstat(path, &status) == 0);
    return status.st_ino;
}

/* Where a directory is by now: the moves may have left it under another name. */
static const char *find_inode(ino_t inode)
{
    static char path[512];
    DIR *entries = opendir(places.parent);
    const char *found = NULL;

    check_true(entries != NULL);
    for (struct dirent *entry; !found && (entry = readdir(entries));)
        if (entry->d_ino == inode) {
            snprintf(path, sizeof path, "%s/%s", places.parent, entry->d_name);
            found = path;
        }
    closedir(entries);
    return found;
}

/* ---- The process that moves things ---- */

static void swap_whole(uint64_t *random)
{
    if (rename(places.region, places.hidden) != 0)
        return;
    switch (pattern_random(random) % 4) {
    case 0: (void)symlink(places.canary, places.region); break;
    case 1: (void)mkfifo(places.region, 0600); break;
    case 2: (void)symlink(places.twin, places.region); break;
    default: break;
    }
    for (uint64_t i = pattern_random(random) % 200; i > 0; i--)
        (void)getppid();
    (void)unlink(places.region);
    (void)rename(places.hidden, places.region); /* unless somebody has recreated it */
}

/* Within one directory, whatever its name is by now: a file of one region must not end up in
   another. Only the owner can do that, and there is no defence against the owner. */
static void swap_file(uint64_t *random)
{
    static const char *const names[] = {"control", "readers", "data", "lock"};
    const char *name = names[pattern_random(random) % 4];
    int region = open(places.region, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    char other[512];

    snprintf(other, sizeof other, "%s/%s", places.canary, name);
    if (renameat(region, name, region, "file") == 0) {
        switch (pattern_random(random) % 3) {
        case 0: (void)symlinkat(other, region, name); break;
        case 1: (void)mkfifoat(region, name, 0600); break;
        default: (void)mkdirat(region, name, 0700); break;
        }
        for (uint64_t i = pattern_random(random) % 200; i > 0; i--)
            (void)getppid();
        if (unlinkat(region, name, 0) != 0)
            (void)unlinkat(region, name, AT_REMOVEDIR);
        (void)renameat(region, "file", region, name);
    }
    if (region >= 0)
        close(region);
}

static void exchange(const char *other, uint64_t *random)
{
    if (renameat2(AT_FDCWD, places.region, AT_FDCWD, other, RENAME_EXCHANGE) != 0)
        return;
    for (uint64_t i = pattern_random(random) % 200; i > 0; i--)
        (void)getppid();
    (void)renameat2(AT_FDCWD, places.region, AT_FDCWD, other, RENAME_EXCHANGE);
}

static bool is_at(const char *path, ino_t inode)
{
    struct stat status;

    return lstat(path, &status) == 0 && status.st_ino == inode;
}

static void go_back(const char *from, const char *other, ino_t inode)
{
    if (is_at(from, inode) && renameat2(AT_FDCWD, from, AT_FDCWD, other, RENAME_NOREPLACE) != 0)
        (void)renameat2(AT_FDCWD, from, AT_FDCWD, other, RENAME_EXCHANGE);
}

/* A call of the library may come between the two steps of a move, or give a directory that we had
   exchanged for the region its name back. So that there is a region again, such a directory goes
   back, and a region that was put away for good is deleted. */
static void tidy(ino_t decoy, ino_t twin)
{
    go_back(places.region, places.decoy, decoy);
    go_back(places.region, places.twin, twin);
    go_back(places.hidden, places.decoy, decoy);
    go_back(places.hidden, places.twin, twin);
    if (!is_at(places.hidden, decoy) && !is_at(places.hidden, twin) && access(places.hidden, F_OK) == 0)
        scratch_delete(places.hidden);
}

static void be_hostile(void *nothing)
{
    uint64_t random = 4711;
    ino_t decoy = inode_of(places.decoy), twin = inode_of(places.twin);

    (void)nothing;
    while (!stopped()) {
        tidy(decoy, twin);
        switch (pattern_random(&random) % 4) {
        case 0: swap_whole(&random); break;
        case 1: swap_file(&random); break;
        case 2: exchange(places.twin, &random); break;
        default: exchange(places.decoy, &random); break;
        }
        (void)__atomic_add_fetch(&board->swaps, 1, __ATOMIC_RELAXED);
        for (uint64_t i = pattern_random(&random) % 100; i > 0; i--)
            (void)getppid();
    }
}

/* ---- The processes that work ---- */

static void write_some(mms_writer *writer, uint64_t *random, uint64_t *seed)
{
    unsigned char value[LARGEST];

    for (uint64_t i = pattern_random(random) % 20; i > 0; i--) {
        size_t size = pattern_random_size(random, 8, LARGEST);

        pattern_fill(value, size, PATTERN_FREE_SEED | ++*seed);
        note(mms_write(writer, value, size, NULL));
    }
}

static void be_writer(void *nothing)
{
    uint64_t random = 815, seed = 0;

    (void)nothing;
    while (!stopped()) {
        mms_writer_options options = sample_options();
        mms_writer *writer;
        uint64_t draw = pattern_random(&random) % 8;
        int code;

        options.max_size = (uint64_t)LARGEST << draw % 2;
        options.replace = true;
        code = draw == 7 ? mms_remove(places.region) : mms_writer_open(places.region, &options, &writer);
        note(code);
        if (draw == 7 || code != 0)
            continue;
        write_some(writer, &random, &seed);
        check_ok(mms_writer_close(writer));
    }
}

static void read_some(mms_region *region, uint64_t *random)
{
    static unsigned char copy[2 * LARGEST];
    mms_reader *reader;
    mms_view view;
    uint64_t generation;
    size_t size;

    if (mms_reader_open(region, &reader) != 0)
        return;
    for (uint64_t i = pattern_random(random) % 50; i > 0; i--) {
        int code = mms_read(reader, &view);

        note(code);
        if (code == 0) {
            check_true(pattern_check(view.data, view.size, view.generation));
            check_ok(mms_release(reader));
        }
        code = mms_read_copy(region, copy, sizeof copy, &size, &generation);
        note(code);
        check_true(code != 0 || pattern_check(copy, size, generation));
        if (i % 8 == 0)
            (void)mms_wait(reader, mms_generation(region), 1);
    }
    check_ok(mms_reader_close(reader));
}

static void be_reader(void *nothing)
{
    uint64_t random = 1;

    (void)nothing;
    while (!stopped()) {
        mms_region *region;
        mms_info info;
        int code = mms_region_open(places.region, NULL, &region);

        note(code);
        if (code == 0) {
            read_some(region, &random);
            check_ok(mms_region_close(region));
        }
        note(mms_inspect(places.region, &info));
        (void)mms_verify(places.region, NULL, NULL);
    }
}

/* ---- */

static void sleep_for(int time)
{
    struct timespec pause = {time, 0};

    while (nanosleep(&pause, &pause) != 0)
        continue;
}

static void nothing_outside_is_touched(void **state)
{
    pid_t neighbour, writer, reader;
    uint64_t canary, decoy;
    ino_t decoy_inode, twin_inode;
    int watched;

    places =
        (struct places){scratch_path(state, "."),      scratch_path(state, "region"), scratch_path(state, "hidden"),
                        scratch_path(state, "canary"), scratch_path(state, "decoy"),  scratch_path(state, "twin")};
    make_canary(places.canary);
    check_true(mkdir(places.decoy, 0755) == 0);
    make_file(places.decoy, "precious", "something of mine", 100);
    check_true(mkdir(places.twin, 0755) == 0); /* as empty as a directory that is being built */
    canary = tree_digest(places.canary);
    decoy = tree_digest(places.decoy);
    decoy_inode = inode_of(places.decoy);
    twin_inode = inode_of(places.twin);
    watched = watch(places.canary);
    writer = start_child(be_writer, NULL);
    reader = start_child(be_reader, NULL);
    neighbour = start_child(be_hostile, NULL);
    sleep_for(seconds);
    __atomic_store_n(&board->stop, 1, __ATOMIC_RELAXED);
    finish_child(neighbour);
    finish_child(writer);
    finish_child(reader);
    print_message("swaps %llu, calls that worked %llu, calls that were refused %llu\n",
                  (unsigned long long)board->swaps, (unsigned long long)board->worked,
                  (unsigned long long)board->refused);
    check_unwatched(watched);
    check_equal(tree_digest(places.canary), canary);
    check_true(find_inode(decoy_inode) != NULL);
    check_equal(tree_digest(find_inode(decoy_inode)), decoy);
    check_true(find_inode(twin_inode) != NULL);
    check_true(board->swaps > 0 && board->worked > 0 && board->refused > 0);
}

/* The last regions of that name may be left unswept. */
static void delete_temporary_names(void)
{
    DIR *entries = opendir(places.parent);
    char path[512];

    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (strstr(entry->d_name, ".mmsync-")) {
            snprintf(path, sizeof path, "%s/%s", places.parent, entry->d_name);
            scratch_delete(path);
        }
    if (entries)
        closedir(entries);
}

/* Nobody owns what the moves have left behind. */
static int clear_and_remove(void **state)
{
    const char *names[] = {"region", "hidden", "canary", "decoy", "twin"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        scratch_delete(scratch_path(state, names[i]));
    delete_temporary_names();
    return scratch_remove(state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_outside_is_touched, scratch_in_memory, clear_and_remove),
    };

    if (argc == 3 && strcmp(argv[1], "--seconds") == 0)
        seconds = atoi(argv[2]);
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_true(board != MAP_FAILED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
