/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"
#include "pattern.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGES_MOST = 512, VERSIONS_MOST = 64 };

/* A page that was written since its file was synced. */
struct loose {
    enum disk_file file;
    uint64_t page;
    const unsigned char *versions[VERSIONS_MOST];
    unsigned count;
};

struct machine {
    unsigned char *image[DISK_FILES]; /* what is on the disk for certain */
    bool there[DISK_FILES];
    struct loose loose[PAGES_MOST];
    unsigned count;
};

static size_t padded(size_t size)
{
    return (size + DISK_PAGE - 1) / DISK_PAGE * DISK_PAGE;
}

static void start(struct machine *machine, const struct disk_log *log)
{
    memset(machine, 0, sizeof *machine);
    for (int file = 0; file < DISK_FILES; file++) {
        machine->image[file] = calloc(1, padded(log->size[file]) + 1);
        check_true(machine->image[file] != NULL);
        machine->there[file] = log->image[file] != NULL;
        if (log->image[file])
            memcpy(machine->image[file], log->image[file], padded(log->size[file]));
    }
}

static void stop(struct machine *machine)
{
    for (int file = 0; file < DISK_FILES; file++)
        free(machine->image[file]);
}

static void write_page(struct machine *machine, const struct disk_event *event)
{
    struct loose *loose = machine->loose;

    while (loose < machine->loose + machine->count && (loose->file != event->file || loose->page != event->number))
        loose++;
    if (loose == machine->loose + machine->count) {
        check_true(machine->count < PAGES_MOST);
        machine->count++;
        *loose = (struct loose){.file = event->file, .page = event->number};
    }
    if (loose->count == VERSIONS_MOST) /* forget one of the older ones */
        memmove(loose->versions + 1, loose->versions + 2, (VERSIONS_MOST - 2) * sizeof *loose->versions),
            loose->count--;
    loose->versions[loose->count++] = event->bytes;
}

static void sync_file(struct machine *machine, enum disk_file file)
{
    unsigned kept = 0;

    machine->there[file] = true;
    for (unsigned i = 0; i < machine->count; i++) {
        const struct loose *loose = &machine->loose[i];

        if (loose->file == file)
            memcpy(machine->image[file] + loose->page * DISK_PAGE, loose->versions[loose->count - 1], DISK_PAGE);
        else
            machine->loose[kept++] = *loose;
    }
    machine->count = kept;
}

/* Linux takes the pages for written all the same. */
static void fail_file(struct machine *machine, enum disk_file file)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < machine->count; i++)
        if (machine->loose[i].file != file)
            machine->loose[kept++] = machine->loose[i];
    machine->count = kept;
}

/* ---- The states that a cut may leave ---- */

enum whim { ALL_OLD, ALL_NEW, ALL_TORN, ALL_BUT_ONE, NONE_BUT_ONE, COUNTED, ANY };

static const unsigned char *choose(const struct loose *loose, unsigned version, const unsigned char *old)
{
    return version == 0 ? old : loose->versions[version - 1];
}

static void tear(const struct loose *loose, unsigned char *page, uint64_t *random)
{
    unsigned char old[DISK_PAGE];

    memcpy(old, page, sizeof old);
    for (size_t at = 0; at < DISK_PAGE; at += DISK_SECTOR)
        memcpy(page + at, choose(loose, (unsigned)(pattern_random(random) % (loose->count + 1)), old) + at,
               DISK_SECTOR);
}

struct state {
    enum whim whim;
    uint64_t number; /* which page; or one of all combinations */
};

static void settle(const struct machine *machine, unsigned index, struct state *state, unsigned char *page,
                   uint64_t *random)
{
    const struct loose *loose = &machine->loose[index];
    bool chosen = state->number == index;
    unsigned version = loose->count;

    switch (state->whim) {
    case ALL_OLD: return;
    case ALL_TORN: tear(loose, page, random); return;
    case ALL_BUT_ONE: version = chosen ? 0 : version; break;
    case NONE_BUT_ONE: version = chosen ? version : 0; break;
    case COUNTED:
        version = (unsigned)(state->number % (loose->count + 1));
        state->number /= loose->count + 1;
        break;
    case ANY:
        if (pattern_random(random) % 3 == 0) {
            tear(loose, page, random);
            return;
        }
        version = (unsigned)(pattern_random(random) % (loose->count + 1));
        break;
    default: break;
    }
    if (version > 0)
        memcpy(page, loose->versions[version - 1], DISK_PAGE);
}

/* How many states there are if nothing is torn; `most` if there are more. */
static uint64_t combinations(const struct machine *machine, uint64_t most)
{
    uint64_t product = 1;

    for (unsigned i = 0; i < machine->count && product < most; i++)
        product *= machine->loose[i].count + 1;
    return product < most ? product : most;
}

/* State number n of a cut: the plain ones first, or all if there are few; then torn ones. */
static struct state state_of(const struct machine *machine, uint64_t n, uint64_t states, uint64_t *random)
{
    static const enum whim first[] = {ALL_OLD, ALL_NEW, ALL_TORN, NONE_BUT_ONE, ALL_BUT_ONE};
    uint64_t all = combinations(machine, states),
             one = machine->count > 0 ? pattern_random(random) % machine->count : 0;

    if (all < states)
        return n < all ? (struct state){COUNTED, n} : (struct state){ALL_TORN, 0};
    if (n < sizeof first / sizeof *first)
        return (struct state){first[n], one};
    return (struct state){n % 2 ? ANY : ALL_TORN, 0};
}

static void store_file(const char *path, enum disk_file file, const unsigned char *bytes, size_t size)
{
    char name[600];
    int fd;

    snprintf(name, sizeof name, "%s/%s", path, disk_names[file]);
    fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file == DISK_READERS ? 0660 : 0640);
    check_true(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}

/* As after a reboot: the boot that wrote it is another one. */
static void build(struct replay *replay, const struct machine *machine, struct state state)
{
    unsigned char *image[DISK_FILES];
    char name[600];

    scratch_delete(replay->path);
    check_true(mkdir(replay->path, 0750) == 0);
    snprintf(name, sizeof name, "%s/lock", replay->path);
    close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    for (int file = 0; file < DISK_FILES; file++) {
        image[file] = malloc(padded(replay->log->size[file]) + 1);
        memcpy(image[file], machine->image[file], padded(replay->log->size[file]));
    }
    for (unsigned i = 0; i < machine->count; i++)
        settle(machine, i, &state, image[machine->loose[i].file] + machine->loose[i].page * DISK_PAGE, &replay->random);
    memset(image[DISK_CONTROL] + offsetof(struct mms__control, boot_id), 0x5a, 16);
    for (int file = 0; file < DISK_FILES; file++) {
        bool may_be_missing = !machine->there[file];

        if (replay->log->size[file] > 0 && !(may_be_missing && pattern_random(&replay->random) % 2))
            store_file(replay->path, (enum disk_file)file, image[file], replay->log->size[file]);
        free(image[file]);
    }
}

/* ---- What must be found ---- */

static bool is_value(const struct replay_value *value, const void *bytes, size_t size)
{
    return value->size == size && memcmp(value->bytes, bytes, size) == 0;
}

static void check_empty_before(const char *path)
{
    mms_region *region = sample_region(path);
    size_t size;

    check_code(mms_read_copy(region, NULL, 0, &size, NULL), MMS_E_EMPTY);
    check_ok(mms_region_close(region));
}

/* Returns the value's number. */
static uint64_t check_found(const struct replay *replay, uint64_t promised, uint64_t begun)
{
    static unsigned char bytes[64 << 10];
    mms_region *region = sample_region(replay->path);
    uint64_t generation = 0, highest = 0, number;
    size_t size = 0;
    int code = mms_read_copy(region, bytes, sizeof bytes, &size, &generation);

    check_ok(mms_region_close(region));
    if (promised == 0 && code == MMS_E_EMPTY)
        return 0;
    check_code(code, 0);
    for (number = begun; number > 0 && number >= promised; number--)
        if (is_value(&replay->values[number], bytes, size))
            break;
    if (number == 0 || number < promised)
        check_failed(__FILE__, __LINE__, "cut %llu, state %llu: found %zu bytes that are none of values %llu to %llu",
                     (unsigned long long)replay->cuts, (unsigned long long)replay->tried, size,
                     (unsigned long long)promised, (unsigned long long)begun);
    for (uint64_t i = 1; i <= begun; i++)
        highest = replay->values[i].generation > highest ? replay->values[i].generation : highest;
    check_true(generation > highest);
    return number;
}

static mms_writer *open_writer(const struct replay *replay)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    mms_info info;
    int code;

    options.lock_wait_ms = MMS_NO_WAIT;
    code = mms_writer_open(replay->path, &options, &writer);
    if (code != 0)
        check_failed(__FILE__, __LINE__, "cut %llu, state %llu: %s", (unsigned long long)replay->cuts,
                     (unsigned long long)replay->tried, mms_last_error());
    check_ok(mms_inspect(replay->path, &info));
    check_equal(info.durable_lost, replay->lost);
    return writer;
}

static void recover(struct replay *replay, uint64_t promised, uint64_t begun)
{
    mms_writer *writer;
    uint64_t found;

    if (replay->tried % 4 == 0)
        check_empty_before(replay->path);
    writer = open_writer(replay);
    found = check_found(replay, promised, begun);
    if (replay->tried % 4 == 1) { /* it is as good as any other */
        check_ok(mms_verify(replay->path, NULL, NULL));
        publish_text(writer, "and on it goes");
        check_copies(replay->path, "and on it goes");
        check_ok(mms_writer_close(writer));
        writer = open_writer(replay);
        check_copies(replay->path, "and on it goes");
    } else if (found != 0) {
        check_ok(mms_writer_close(writer));
        writer = open_writer(replay);
        check_true(check_found(replay, found, begun) == found);
    }
    check_ok(mms_writer_close(writer));
}

/* The same while it is recorded; then the power fails at every step of it. */
static void recover_twice(struct replay *replay, uint64_t promised, uint64_t begun)
{
    char path[600];
    struct replay again = *replay;
    struct disk_log log;

    disk_record(replay->path);
    check_ok(mms_writer_close(open_writer(replay)));
    log = disk_stop();
    snprintf(path, sizeof path, "%s.again", replay->path);
    again.log = &log;
    again.path = path;
    again.nested = false;
    again.promised = promised;
    again.begun = begun;
    again.states = replay->states < 8 ? replay->states : 8;
    again.cuts = again.tried = 0;
    replay_cuts(&again);
    replay->again += again.tried;
    scratch_delete(path);
    disk_free(&log);
}

static void cut(struct replay *replay, const struct machine *machine, uint64_t promised, uint64_t begun)
{
    uint64_t all = combinations(machine, replay->states), states = replay->states;

    replay->cuts++;
    if (machine->count == 0)
        states = 1;
    else if (all < states && 2 * all > states)
        states = 2 * all; /* at least as many that are torn */
    for (uint64_t n = 0; n < states; n++) {
        struct state state = state_of(machine, n, replay->states, &replay->random);

        build(replay, machine, state);
        replay->tried++;
        if (replay->nested && pattern_random(&replay->random) % 128 == 0)
            recover_twice(replay, promised, begun);
        else
            recover(replay, promised, begun);
    }
}

void replay_cuts(struct replay *replay)
{
    static struct machine machines[2]; /* the second for a nested one */
    struct machine *machine = &machines[replay->nested ? 0 : 1];
    uint64_t promised = replay->promised, begun = replay->begun;

    start(machine, replay->log);
    for (size_t i = 0; i < replay->log->count; i++) {
        const struct disk_event *event = &replay->log->events[i];

        switch (event->kind) {
        case DISK_WRITE: write_page(machine, event); break;
        case DISK_SYNC: sync_file(machine, event->file); break;
        case DISK_FAILED: fail_file(machine, event->file); break;
        case DISK_BEGUN: begun = event->number; break;
        default: promised = event->number; break;
        }
        if (event->kind != DISK_BEGUN)
            cut(replay, machine, promised, begun);
    }
    stop(machine);
    scratch_delete(replay->path);
}
