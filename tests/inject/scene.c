/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"
#include "check.h"
#include "mmap_sync_sample.h"
#include "region/layout.h"
#include "sample.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned count_descriptors(void)
{
    DIR *entries = opendir("/proc/self/fd");
    unsigned count = 0;

    while (entries && readdir(entries))
        count++;
    if (entries)
        closedir(entries);
    return count;
}

void scene_begin(struct scene *scene, const char *path, struct child *onlooker)
{
    *scene = (struct scene){
        .onlooker = onlooker,
        .options = MMS_WRITER_OPTIONS_INIT,
        .region_options = MMS_REGION_OPTIONS_INIT,
        .mmap_sync_options = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT,
    };
    snprintf(scene->path, sizeof scene->path, "%s", path);
    snprintf(scene->directory, sizeof scene->directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    scene->options.max_size = 1 << 17;
    scene->options.max_slots = scene->options.max_readers = 4;
    scene->options.grace_ms = scene->options.lock_wait_ms = MMS_NO_WAIT;
    scene->options.gid = getegid() ? getegid() : 1;
    scene->descriptors = count_descriptors();
    scene->holdings = inject_holdings();
}

/* ---- Afterwards ---- */

/* Another process copies the last good value, byte for byte. */
static void check_onlooker(const struct scene *scene)
{
    struct child *onlooker = scene->onlooker;
    const char *answer = child_ask(onlooker, "open %s", scene->path);

    if (strcmp(answer, "OK pin") != 0) {
        bool nothing = strcmp(answer, "ENOENT") == 0 || strcmp(answer, "MMS_E_EMPTY") == 0;

        if (!nothing || (scene->good != 0 && !scene->may_be_gone))
            check_failed(__FILE__, __LINE__, "another process could not open the region: %s", answer);
        child_expect(onlooker, "OK", "close");
        return;
    }
    answer = child_ask(onlooker, "read");
    if (scene->mmap_sync && scene->may_be_gone && strcmp(answer, "MMS_E_EMPTY") == 0) { /* a removal can be repeated */
        child_expect(onlooker, "OK", "close");
        return;
    }
    if (scene->good == 0 && strcmp(answer, "MMS_E_EMPTY") != 0)
        check_failed(__FILE__, __LINE__, "nothing was published, and another process reads: %s", answer);
    if (scene->good != 0) {
        unsigned long long generation;
        size_t size;

        /* A region that replaced another gives the value a new generation. */
        if (sscanf(answer, "OK %llu %zu", &generation, &size) != 2 || size != scene->good_size ||
            (generation != scene->good && (scene->mmap_sync || generation < scene->good || !scene->handles_are_old)))
            check_failed(__FILE__, __LINE__, "another process reads: %s, expected generation %llu of size %zu", answer,
                         (unsigned long long)scene->good, scene->good_size);
        child_expect(onlooker, "OK", "release");
    }
    child_expect(onlooker, "OK", "close");
}

/* Handles of a region that is gone may report that, and nothing else. */
static void check_works(const struct scene *scene, const char *what, int code)
{
    if (code == 0 || code == STEP_SKIPPED || (scene->handles_are_old && code == MMS_E_GONE))
        return;
    if (scene->mmap_sync && scene->may_be_gone && code == MMS_E_EMPTY) /* half removed */
        return;
    check_failed(__FILE__, __LINE__, "no call fails any more, and %s gives %s: %s", what, mms_error_name(code),
                 mms_last_error());
}

/* A view is from before or newer. */
static void check_reader(struct scene *scene)
{
    int code;

    if (!scene->region)
        return;
    check_works(scene, "mms_read_copy", scene->good ? copy_value(scene) : 0);
    if (mms_region_read_only(scene->region))
        return;
    check_works(scene, "mms_reader_open", open_reader(scene));
    if (!scene->reader || scene->good == 0)
        return;
    code = read_value(scene);
    if (code == MMS_E_EVICTED)
        code = read_value(scene);
    check_works(scene, "mms_read", code);
    if (code != 0)
        return;
    if (!scene->handles_are_old)
        check_equal(scene->view.generation, scene->good);
    check_works(scene, "mms_wait", wait_in_vain(scene));
    check_works(scene, "mms_release", release_value(scene));
}

static void check_handles(struct scene *scene)
{
    check_reader(scene);
    if (scene->writer) {
        (void)mms_write_abort(scene->writer);
        check_works(scene, "opening the next writer", renew_writer(scene));
        check_works(scene, "mms_write", publish_small(scene));
        check_works(scene, "mms_write", publish_large(scene));
    }
    check_ok(close_reader(scene));
    check_ok(close_region(scene));
    check_ok(close_writer(scene));
}

/* ---- The files of mmap-sync, as that crate needs them ---- */

static bool look_at_file(const struct scene *scene, const char *suffix, struct stat *status)
{
    char name[400];

    snprintf(name, sizeof name, "%s%s", scene->path, suffix);
    return stat(name, status) == 0;
}

/* The crate assumes that a file of the right length has its room, and does not check the size of
   the state: it extends it to 16 bytes, with zeros. */
static void check_mmap_sync_files(const struct scene *scene)
{
    static const char *const data[] = {"_data_0", "_data_1"};
    struct stat status;

    if (!scene->mmap_sync)
        return;
    if (look_at_file(scene, "_state", &status) && status.st_size != 0)
        check_equal(status.st_size, 16);
    for (int i = 0; i < 2; i++)
        if (look_at_file(scene, data[i], &status) && (uint64_t)status.st_blocks * 512 < (uint64_t)status.st_size)
            check_failed(__FILE__, __LINE__, "%s%s has %lld bytes, and room for %lld", scene->path, data[i],
                         (long long)status.st_size, (long long)status.st_blocks * 512);
}

static void check_nobody_is_counted(const struct scene *scene)
{
    mms_info info;
    int code = scene->mmap_sync ? mms_inspect(scene->path, &info) : -ENOENT;

    if (code == -ENOENT || code == MMS_E_EMPTY)
        return;
    check_ok(code);
    check_equal(crate_count(scene->path, 0), 0);
    check_equal(crate_count(scene->path, 1), 0);
    if (scene->good != 0 && !scene->may_be_gone)
        check_ok(mms_verify(scene->path, NULL, NULL));
}

static void end_onlookers_view(const struct scene *scene)
{
    if (!scene->onlooker_holds)
        return;
    child_expect(scene->onlooker, "OK", "check");
    child_expect(scene->onlooker, "OK", "release");
    child_expect(scene->onlooker, "OK", "close");
}

static void check_maps(const struct scene *scene)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024];

    check_true(maps != NULL);
    while (fgets(line, sizeof line, maps))
        if (strstr(line, scene->directory))
            check_failed(__FILE__, __LINE__, "a mapping is left: %s", line);
    fclose(maps);
}

/* Every process that uses the library keeps one page from its first call on. */
static void check_holdings(const struct scene *scene)
{
    struct inject_holdings now = inject_holdings();

    check_maps(scene);
    check_equal(count_descriptors(), scene->descriptors);
    check_equal(now.blocks, scene->holdings.blocks);
    if (now.maps - scene->holdings.maps > 1)
        check_failed(__FILE__, __LINE__, "%ld mappings more than before", now.maps - scene->holdings.maps);
}

/* The region may have been replaced or not: accept any geometry. */
static void check_lines(const struct scene *scene)
{
    mms_info info;

    if (scene->mmap_sync)
        return;
    check_ok(mms_inspect(scene->path, &info));
    check_equal(info.readers, 0);
}

static void check_next_writer(struct scene *scene)
{
    if (!scene->may_be_gone && access(scene->path, F_OK) == 0)
        scene->options.max_size = scene->options.max_slots = scene->options.max_readers = 0;
    scene->options.replace = false;
    check_ok(open_writer(scene));
    check_ok(publish_small(scene));
    check_onlooker(scene);
    check_lines(scene);
    check_ok(mms_verify(scene->path, NULL, NULL));
    check_ok(close_writer(scene));
}

/* After the removal of the region: an empty directory may stay if its maker could not remove
   it. */
static void check_nothing_is_left(const struct scene *scene)
{
    DIR *entries = opendir(scene->directory);

    check_true(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strncmp(entry->d_name, "region", 6) == 0)
            check_failed(__FILE__, __LINE__, "mms_remove has left %s", entry->d_name);
    closedir(entries);
}

/* Of what is next to the region. */
static void check_neighbours(const struct scene *scene)
{
    DIR *entries = opendir(scene->directory);

    check_true(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strstr(entry->d_name, ".mmsync-"))
            check_failed(__FILE__, __LINE__, "the next writer has left %s", entry->d_name);
    closedir(entries);
}

static void name_stranger(const struct scene *scene, char name[400])
{
    snprintf(name, 400, "%s/stranger", scene->path);
}

void make_stranger(const struct scene *scene)
{
    char name[400];
    FILE *file;

    name_stranger(scene, name);
    file = fopen(name, "we");
    check_true(file && fclose(file) == 0);
}

static void take_stranger_away(const struct scene *scene)
{
    char name[400];

    name_stranger(scene, name);
    (void)unlink(name);
}

void scene_check(struct scene *scene)
{
    take_stranger_away(scene);
    check_mmap_sync_files(scene);
    end_onlookers_view(scene);
    if (scene->dead_are_counted) /* only root can see what other users' processes hold */
        check_ok(mms_repair(scene->path, geteuid() == 0 ? 0 : MMS_REPAIR_FORCE, 0, NULL));
    check_onlooker(scene);
    check_handles(scene);
    check_holdings(scene);
    check_nobody_is_counted(scene);
    check_next_writer(scene);
    check_neighbours(scene);
    check_holdings(scene);
    check_mmap_sync_files(scene);
    check_nobody_is_counted(scene);
    check_ok(mms_remove(scene->path));
    check_nothing_is_left(scene);
}

/* ---- What dead processes leave ---- */

void leave_leftover(const struct scene *scene)
{
    char path[400];

    snprintf(path, sizeof path, "%s/.region.mmsync-0123456789abcdef", scene->directory);
    (void)sample_closed_region(path, "left behind");
}

void leave_dead_line(const struct scene *scene, unsigned line, uint32_t owner)
{
    struct mms__line dead = {.owner = owner, .mode = MMS__SYMMETRIC, .announce = MMS__IDLE};
    uint32_t high_water = line + 1;

    patch_bytes(scene->path, "readers", sizeof(struct mms__readers) + line * sizeof dead, &dead, sizeof dead);
    patch_bytes(scene->path, "readers", offsetof(struct mms__readers, high_water), &high_water, sizeof high_water);
}
