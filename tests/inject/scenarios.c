/* SPDX-License-Identifier: Apache-2.0 */
/* What is done while calls fail. Together they make every call that the library can make (symbols.sh, and the last test
   of injected_calls.c). */
#include "check.h"
#include "region/layout.h"
#include "sample.h"
#include "scenario.h"
#include "tracked.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mmsync/durable.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#define STEP(function) {function, #function, 0}
#define STEP_GIVES(function, code) {function, #function, code}
/* clang-format on */

/* ---- Set-ups ---- */

static void with_writer(struct scene *scene)
{
    check_ok(open_writer(scene));
    check_ok(publish_small(scene));
    check_ok(publish_large(scene));
}

static void with_value(struct scene *scene)
{
    with_writer(scene);
    check_ok(close_writer(scene));
}

static void with_stranger(struct scene *scene)
{
    with_value(scene);
    make_stranger(scene);
}

static void with_reader(struct scene *scene)
{
    with_writer(scene);
    check_ok(open_region(scene));
    check_ok(open_reader(scene));
}

static void with_typed_value(struct scene *scene)
{
    with_writer(scene);
    check_ok(publish_typed(scene));
}

static void with_dead_predecessors(struct scene *scene)
{
    with_value(scene);
    leave_leftover(scene);
    leave_dead_line(scene, 0, 2);
    leave_dead_line(scene, 1, 3);
}

/* Two slots, one held by the reader, which has a millisecond to let go of it. */
static void with_blocking_reader(struct scene *scene)
{
    scene->options.max_slots = 2;
    scene->options.grace_ms = 1;
    with_writer(scene);
    check_ok(open_region(scene));
    check_ok(open_reader(scene));
    check_ok(read_value(scene));
    check_ok(publish_small(scene));
}

static void with_evictable_reader(struct scene *scene)
{
    scene->options.on_grace = MMS_EVICT;
    scene->region_options.allow_evict = true;
    with_blocking_reader(scene);
}

static void with_updated_value(struct scene *scene)
{
    with_writer(scene);
    for (int i = 0; i < 6; i++)
        check_ok(update_value(scene));
    check_ok(close_writer(scene));
}

static void with_updates_and_reader(struct scene *scene)
{
    with_reader(scene);
    check_ok(update_value(scene));
    check_ok(update_value(scene));
}

static void with_tracking(struct scene *scene, mms_track how)
{
    const char *reason;

    with_value(scene);
    scene->options.track = can_track_pages(&reason) ? how : MMS_TRACK_AUTO;
}

static void with_pages_tracked(struct scene *scene)
{
    with_tracking(scene, MMS_TRACK_PAGES);
}

static void with_pages_tracked_where_possible(struct scene *scene)
{
    with_tracking(scene, MMS_TRACK_AUTO);
}

static void with_huge_values(struct scene *scene)
{
    scene->options.max_size = 4 << 20;
    check_ok(open_writer(scene));
    for (int i = 0; i < 3; i++)
        check_ok(publish_huge(scene));
}

static void with_dead_readers_everywhere(struct scene *scene)
{
    with_value(scene);
    scene->region_options.prefault = true;
    check_ok(open_region(scene));
    for (unsigned line = 0; line < 4; line++)
        leave_dead_line(scene, line, line % 2 ? 9 : 10);
}

static void with_checksum_and_reader(struct scene *scene)
{
    scene->options.checksum = true;
    with_reader(scene);
}

/* The reader has the one to go back to, so that is copied at first. */
static void with_kept_values_and_reader(struct scene *scene)
{
    scene->options.keep = 1;
    with_reader(scene);
    check_ok(read_value(scene));
    check_ok(publish_small(scene));
}

static void as_durable(struct scene *scene)
{
    scene->options.durable = MMS_DURABLE_COMMIT;
    scene->options.max_slots = 6;
}

static void with_durable_value(struct scene *scene)
{
    as_durable(scene);
    with_value(scene);
}

static void with_another_geometry_wanted(struct scene *scene)
{
    with_reader(scene);
    check_ok(close_writer(scene));
    scene->options.max_size = 1 << 18;
    scene->options.replace = scene->handles_are_old = true;
}

/* The region's descriptors, like a host that closes whatever it does not know. */
static void close_files(const struct scene *scene)
{
    char link[64], target[400];

    for (int fd = 3; fd < 256; fd++) {
        ssize_t size;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        size = readlink(link, target, sizeof target - 1);
        target[size < 0 ? 0 : size] = 0;
        if (strncmp(target, scene->path, strlen(scene->path)) == 0)
            close(fd);
    }
}

static void with_sleeper_and_closed_files(struct scene *scene)
{
    with_reader(scene);
    patch_bytes(scene->path, "readers", offsetof(struct mms__readers, waiting), &(uint32_t){1}, 4);
    close_files(scene);
}

static void without_standard_input(struct scene *scene)
{
    close(0);
    scene->descriptors--;
}

/* The files of the crate mmap-sync, which have no geometry. */
static void as_mmap_sync(struct scene *scene)
{
    scene->options.mmap_sync = &scene->mmap_sync_options;
    scene->options.max_slots = scene->options.max_readers = 0;
    scene->mmap_sync = true;
}

static void with_mmap_sync_writer(struct scene *scene)
{
    as_mmap_sync(scene);
    with_writer(scene);
}

static void with_mmap_sync_value(struct scene *scene)
{
    as_mmap_sync(scene);
    with_value(scene);
}

static void with_mmap_sync_reader(struct scene *scene)
{
    as_mmap_sync(scene);
    with_reader(scene);
}

/* The reader has one of the two files; the other is current. */
static void with_mmap_sync_blocker(struct scene *scene)
{
    scene->options.grace_ms = 1;
    with_mmap_sync_reader(scene);
    check_ok(read_value(scene));
    check_ok(publish_small(scene));
}

static void with_mmap_sync_blocker_to_reset(struct scene *scene)
{
    scene->mmap_sync_options.reset = true;
    with_mmap_sync_blocker(scene);
}

/* A reader that may only copy, and cannot be counted. */
static void with_mmap_sync_copier(struct scene *scene)
{
    with_mmap_sync_writer(scene);
    scene->region_options.read_only = true;
    scene->region_options.prefault = true;
}

static void with_mmap_sync_closed_files(struct scene *scene)
{
    with_mmap_sync_reader(scene);
    check_ok(read_value(scene));
    check_ok(publish_grown(scene));
    check_ok(release_value(scene));
    close_files(scene);
}

/* What a dead process may have left: a state of no bytes. */
static void with_mmap_sync_unfinished_state(struct scene *scene)
{
    char name[400];
    int fd;

    as_mmap_sync(scene);
    snprintf(name, sizeof name, "%s_state", scene->path);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    check_true(fd >= 0 && close(fd) == 0);
}

/* What repair finds in /proc: this process, the one that started it, and the onlooker. */
static void see_few_processes(const struct scene *scene)
{
    static pid_t seen[4];

    seen[0] = getppid();
    seen[1] = scene->onlooker->pid;
    seen[2] = getpid();
    inject_processes(seen);
}

static void with_mmap_sync_dead_reader(struct scene *scene)
{
    pid_t child;
    int status;

    with_mmap_sync_writer(scene);
    child = fork();
    check_true(child >= 0);
    if (child == 0) {
        check_ok(open_region(scene));
        check_ok(open_reader(scene));
        check_ok(read_value(scene));
        _exit(0);
    }
    check_true(waitpid(child, &status, 0) == child && status == 0);
    scene->dead_are_counted = true;
    see_few_processes(scene);
}

static void with_mmap_sync_living_reader(struct scene *scene)
{
    with_mmap_sync_writer(scene);
    child_expect(scene->onlooker, "OK pin", "open %s", scene->path);
    child_expect(scene->onlooker, "OK", "read");
    scene->onlooker_holds = true;
    see_few_processes(scene);
}

/* ---- Scenarios ---- */

#define CREATING                                                                                               \
    {                                                                                                          \
        STEP(open_writer), STEP(publish_small), STEP(publish_large), STEP(publish_grown), STEP(publish_typed), \
            STEP(close_writer)                                                                                 \
    }
#define TAKING_OVER                                                                     \
    {                                                                                   \
        STEP(open_writer), STEP(publish_small), STEP(publish_large), STEP(close_writer) \
    }
#define READING                                                                                                 \
    {                                                                                                           \
        STEP(open_region), STEP(open_reader), STEP(read_value), STEP(view_type), STEP(refresh_value),           \
            STEP(publish_large), STEP(refresh_value), STEP(release_value), STEP(copy_value), STEP(copy_schema), \
            STEP(wait_in_vain), STEP(close_reader), STEP(close_region)                                          \
    }
#define UPSTREAM_CREATING                                                                                      \
    {                                                                                                          \
        STEP(open_writer), STEP(publish_small), STEP(publish_large), STEP(publish_grown), STEP(publish_grown), \
            STEP(close_writer)                                                                                 \
    }
#define UPSTREAM_READING                                                                                         \
    {                                                                                                            \
        STEP(open_region), STEP(open_reader), STEP(read_value), STEP(refresh_value), STEP(publish_large),        \
            STEP(refresh_value), STEP(release_value), STEP(copy_value), STEP(wait_in_vain), STEP(publish_grown), \
            STEP(read_value), STEP(close_reader), STEP(close_region)                                             \
    }

const struct scenario scenarios[] = {
    {"creating in memory", NULL, false, 0, CREATING},
    {"creating on disk", NULL, true, 0, CREATING},
    {"creating on what says it is btrfs", NULL, true, BTRFS_SUPER_MAGIC, CREATING},
    {"creating on what says it is overlayfs", NULL, false, OVERLAYFS_SUPER_MAGIC, CREATING},
    {"creating without standard input", without_standard_input, false, 0, {STEP(open_writer), STEP(publish_small)}},
    {"taking over", with_dead_predecessors, false, 0, TAKING_OVER},
    {"taking over on disk", with_dead_predecessors, true, 0, TAKING_OVER},
    {"taking over on what says it is overlayfs", with_dead_predecessors, false, OVERLAYFS_SUPER_MAGIC, TAKING_OVER},
    {"reading", with_typed_value, false, 0, READING},
    {"reading from disk", with_typed_value, true, 0, READING},
    {"reading from what says it is overlayfs", with_typed_value, false, OVERLAYFS_SUPER_MAGIC, READING},
    {"a reader that blocks",
     with_blocking_reader,
     false,
     0,
     {STEP_GIVES(publish_small, MMS_E_AGAIN), STEP(release_value), STEP(publish_small), STEP(publish_large)}},
    {"a reader that is evicted",
     with_evictable_reader,
     false,
     0,
     {STEP(publish_small), STEP(publish_large), STEP(close_writer)}},
    {"updating",
     with_writer,
     false,
     0,
     {STEP(update_value), STEP(update_value), STEP(update_value), STEP(update_value), STEP(update_value),
      STEP(publish_small), STEP(update_value), STEP(close_writer)}},
    {"updating on disk", with_writer, true, 0, {STEP(update_value), STEP(update_value), STEP(close_writer)}},
    {"updating what the kernel tracks",
     with_pages_tracked,
     false,
     0,
     {STEP(open_writer), STEP(track_value), STEP(track_value), STEP(update_value), STEP(track_value), STEP(track_value),
      STEP(publish_small), STEP(track_value), STEP(close_writer)}},
    {"updating what the kernel tracks if it can",
     with_pages_tracked_where_possible,
     true,
     0,
     {STEP(open_writer), STEP(track_value), STEP(track_value), STEP(track_value), STEP(close_writer)}},
    {"updating the first value", NULL, false, 0, {STEP(open_writer), STEP(update_value), STEP(update_value)}},
    {"updating what somebody else has updated",
     with_updated_value,
     false,
     0,
     {STEP(open_writer), STEP(update_value), STEP(update_value), STEP(check_all), STEP(close_writer),
      STEP(remove_region)}},
    {"asking what has changed",
     with_updates_and_reader,
     false,
     0,
     {STEP(ask_changes), STEP(update_value), STEP(ask_changes), STEP(close_reader), STEP(close_region)}},
    {"updating files of mmap-sync",
     with_mmap_sync_reader,
     false,
     0,
     {STEP(update_value), STEP(update_value), STEP(ask_changes)}},
    {"giving memory back", with_huge_values, false, 0, {STEP(publish_forty), STEP(publish_grown)}},
    {"a table full of the dead",
     with_dead_readers_everywhere,
     false,
     0,
     {STEP(open_reader), STEP(read_value), STEP(look_at_readers), STEP(close_reader)}},
    {"looking on",
     with_checksum_and_reader,
     true,
     0,
     {STEP(look), STEP(look_twice), STEP(look_at_readers), STEP(check_all), STEP(list_values)}},
    {"going back",
     with_kept_values_and_reader,
     false,
     0,
     {STEP(go_back), STEP(list_values), STEP(publish_small), STEP(go_back), STEP(close_writer), STEP(list_values)}},
    {"replacing", with_another_geometry_wanted, false, 0, {STEP(open_writer), STEP(publish_small), STEP(close_writer)}},
    {"replacing on disk", with_another_geometry_wanted, true, 0, {STEP(open_writer), STEP(publish_small)}},
    {"creating what is durable",
     as_durable,
     true,
     0,
     {STEP(open_writer), STEP(publish_small), STEP(publish_large), STEP(close_writer)}},
    {"going on with what is durable",
     with_durable_value,
     true,
     0,
     {STEP(open_writer), STEP(update_value), STEP(sync_value), STEP(look), STEP(check_all)}},
    {"removing", with_value, false, 0, {STEP(remove_region)}},
    {"removing under a reader", with_reader, true, 0, {STEP(close_writer), STEP(remove_region)}},
    {"removing what holds somebody else's file", with_stranger, false, 0, {STEP_GIVES(remove_in_vain, -ENOTEMPTY)}},
    {"waking a sleeper, descriptors closed by the host",
     with_sleeper_and_closed_files,
     false,
     0,
     {STEP(publish_small), STEP(publish_large), STEP(publish_grown), STEP(copy_value), STEP(wait_in_vain)}},
    {"writing files of mmap-sync", as_mmap_sync, false, 0, UPSTREAM_CREATING},
    {"writing files of mmap-sync on disk", as_mmap_sync, true, 0, UPSTREAM_CREATING},
    {"writing files of mmap-sync on what says it is overlayfs", as_mmap_sync, false, OVERLAYFS_SUPER_MAGIC,
     UPSTREAM_CREATING},
    {"taking files of mmap-sync over", with_mmap_sync_value, false, 0, TAKING_OVER},
    {"going on with an unfinished state of mmap-sync", with_mmap_sync_unfinished_state, false, 0, TAKING_OVER},
    {"reading files of mmap-sync", with_mmap_sync_writer, false, 0, UPSTREAM_READING},
    {"reading files of mmap-sync from disk", with_mmap_sync_writer, true, 0, UPSTREAM_READING},
    {"copying from files of mmap-sync",
     with_mmap_sync_copier,
     false,
     0,
     {STEP(open_region), STEP(copy_value), STEP(publish_large), STEP(copy_value), STEP(copy_schema),
      STEP(close_region)}},
    {"a reader that blocks at files of mmap-sync",
     with_mmap_sync_blocker,
     false,
     0,
     {STEP_GIVES(publish_small, MMS_E_AGAIN), STEP(release_value), STEP(publish_small), STEP(publish_large)}},
    {"a reader whose count is reset",
     with_mmap_sync_blocker_to_reset,
     false,
     0,
     {STEP(publish_small), STEP(publish_large), STEP(close_writer)}},
    {"files of mmap-sync, descriptors closed by the host",
     with_mmap_sync_closed_files,
     false,
     0,
     {STEP(publish_small), STEP(publish_large), STEP(publish_grown), STEP(read_value), STEP(copy_value),
      STEP(wait_in_vain), STEP(release_value)}},
    {"repairing what the dead left", with_mmap_sync_dead_reader, false, 0, {STEP(repair)}},
    {"repairing by force", with_mmap_sync_dead_reader, false, 0, {STEP(repair_by_force)}},
    {"repairing beside the living",
     with_mmap_sync_living_reader,
     false,
     0,
     {STEP_GIVES(repair, MMS_E_AGAIN), STEP(repair_by_time)}},
    {"looking at files of mmap-sync",
     with_mmap_sync_reader,
     false,
     0,
     {STEP(look), STEP(look_twice), STEP(look_at_readers), STEP(check_all)}},
    {"removing files of mmap-sync", with_mmap_sync_value, false, 0, {STEP(remove_region)}},
    {"removing files of mmap-sync under a reader",
     with_mmap_sync_reader,
     true,
     0,
     {STEP(close_writer), STEP(remove_region)}},
    {.name = NULL},
};
