/* SPDX-License-Identifier: Apache-2.0 */
/* What scenarios are made of. */
#include "check.h"
#include "mmap_sync_sample.h"
#include "pattern.h"
#include "scene.h"
#include <mmsync/durable.h>
#include <mmsync/history.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 100, LARGE = 40000, HUGE = 3 << 20 };

static uint64_t next_seed(struct scene *scene)
{
    return PATTERN_FREE_SEED | ++scene->values;
}

static int note(struct scene *scene, int code, const mms_receipt *receipt)
{
    if (code == 0) {
        scene->good = receipt->generation;
        scene->good_size = receipt->size;
    }
    return code;
}

static const char *path_of(const struct scene *scene)
{
    return scene->mmap_sync ? crate_path(scene->path) : scene->path;
}

int open_writer(struct scene *scene)
{
    return scene->writer ? STEP_SKIPPED : mms_writer_open(path_of(scene), &scene->options, &scene->writer);
}

int close_writer(struct scene *scene)
{
    mms_writer *writer = scene->writer;

    scene->writer = NULL;
    return mms_writer_close(writer);
}

int renew_writer(struct scene *scene)
{
    if (!scene->options.durable || !scene->writer || mms_sync(scene->writer) == 0)
        return 0;
    check_ok(close_writer(scene));
    return open_writer(scene);
}

static int publish(struct scene *scene, size_t size)
{
    static unsigned char value[LARGE];
    mms_receipt receipt;

    if (!scene->writer)
        return STEP_SKIPPED;
    if (renew_writer(scene) != 0)
        return mms_last_code();
    pattern_fill(value, size, next_seed(scene));
    return note(scene, mms_write(scene->writer, value, size, &receipt), &receipt);
}

int publish_small(struct scene *scene)
{
    return publish(scene, SMALL);
}

int publish_large(struct scene *scene)
{
    return publish(scene, LARGE);
}

static int update(struct scene *scene, bool touches)
{
    mms_receipt receipt;
    size_t size;
    void *buffer;
    int code;

    if (!scene->writer)
        return STEP_SKIPPED;
    if (renew_writer(scene) != 0)
        return mms_last_code();
    code = mms_write_update(scene->writer, SMALL, &buffer, &size, &receipt);
    if (code != 0)
        return code;
    size = size < SMALL ? SMALL : size;
    pattern_fill(buffer, size, next_seed(scene));
    if (touches) {
        check_ok(mms_write_touch(scene->writer, size / 2, size - size / 2));
        check_ok(mms_write_touch(scene->writer, 0, size / 2));
    }
    code = mms_write_commit(scene->writer, size, &receipt);
    if (code != 0)
        check_ok(mms_write_abort(scene->writer));
    return note(scene, code, &receipt);
}

int update_value(struct scene *scene)
{
    return update(scene, true);
}

int sync_value(struct scene *scene)
{
    return scene->writer ? mms_sync(scene->writer) : STEP_SKIPPED;
}

int track_value(struct scene *scene)
{
    return update(scene, false);
}

/* "Not known" is an answer. */
int ask_changes(struct scene *scene)
{
    mms_view view;
    size_t count = 0;
    int code = scene->reader ? mms_read(scene->reader, &view) : STEP_SKIPPED;

    if (code != 0)
        return code;
    code = mms_changes(scene->reader, view.generation - 1, NULL, 0, &count);
    if (code == 0)
        check_equal(count, 1);
    return code == MMS_E_FORGOTTEN ? 0 : code;
}

/* After a large value, until the memory of that is freed. */
int publish_forty(struct scene *scene)
{
    int code = 0;

    for (int i = 0; i < 40 && code == 0; i++)
        code = publish(scene, SMALL);
    return code;
}

/* Begun small and grown in two steps; if one fails, give up the write. */
static int publish_in_place(struct scene *scene, size_t begun, size_t grown, bool typed)
{
    static const char schema[] = "struct Pattern { bytes: [u8; 1] }";
    mms_receipt receipt;
    void *buffer;
    int code;

    if (!scene->writer)
        return STEP_SKIPPED;
    code = mms_write_begin(scene->writer, begun, &buffer, &receipt);
    if (code != 0)
        return code;
    if (typed)
        code = mms_write_set_type(scene->writer, (const uint64_t[2]){1, 2}, schema, sizeof schema - 1);
    if (code == 0)
        code = mms_write_grow(scene->writer, grown, &buffer);
    if (code != 0) {
        (void)mms_write_abort(scene->writer);
        return code;
    }
    pattern_fill(buffer, grown, next_seed(scene));
    code = note(scene, mms_write_commit(scene->writer, grown, &receipt), &receipt);
    if (code != 0) /* for the files of mmap-sync, where it could be committed again */
        (void)mms_write_abort(scene->writer);
    return code;
}

int publish_grown(struct scene *scene)
{
    return publish_in_place(scene, 10, 2 * LARGE, false);
}

int publish_huge(struct scene *scene)
{
    return publish_in_place(scene, 0, HUGE, false);
}

/* The schema does not fit behind the value in its last page. */
int publish_typed(struct scene *scene)
{
    return publish_in_place(scene, SMALL, 4096, true);
}

int go_back(struct scene *scene)
{
    mms_receipt receipt;

    if (!scene->writer)
        return STEP_SKIPPED;
    return note(scene, mms_write_rollback(scene->writer, 0, &receipt), &receipt);
}

/* ---- Reading ---- */

int open_region(struct scene *scene)
{
    return scene->region ? STEP_SKIPPED : mms_region_open(path_of(scene), &scene->region_options, &scene->region);
}

int close_region(struct scene *scene)
{
    int code = mms_region_close(scene->region);

    if (code == 0)
        scene->region = NULL;
    return code;
}

int open_reader(struct scene *scene)
{
    return scene->region && !scene->reader ? mms_reader_open(scene->region, &scene->reader) : STEP_SKIPPED;
}

int close_reader(struct scene *scene)
{
    mms_reader *reader = scene->reader;

    scene->reader = NULL;
    return mms_reader_close(reader);
}

static int look_at(const struct scene *scene, int code)
{
    if (code == 0 && !pattern_check(scene->view.data, scene->view.size, scene->view.generation))
        abort();
    return code;
}

int read_value(struct scene *scene)
{
    return scene->reader ? look_at(scene, mms_read(scene->reader, &scene->view)) : STEP_SKIPPED;
}

int refresh_value(struct scene *scene)
{
    return scene->reader ? look_at(scene, mms_refresh(scene->reader, &scene->view)) : STEP_SKIPPED;
}

int release_value(struct scene *scene)
{
    return scene->reader ? mms_release(scene->reader) : STEP_SKIPPED;
}

int view_type(struct scene *scene)
{
    uint64_t type_id[2];

    return scene->reader ? mms_view_type(scene->reader, type_id) : STEP_SKIPPED;
}

int copy_value(struct scene *scene)
{
    static unsigned char copy[4 << 20];
    uint64_t generation;
    size_t size;
    int code;

    if (!scene->region)
        return STEP_SKIPPED;
    code = mms_read_copy(scene->region, copy, sizeof copy, &size, &generation);
    if (code == 0 && !pattern_check(copy, size, generation))
        abort();
    return code;
}

int copy_schema(struct scene *scene)
{
    uint64_t type_id[2], generation;
    char text[200];
    size_t size;

    return scene->region ? mms_read_schema(scene->region, text, sizeof text, &size, type_id, &generation)
                         : STEP_SKIPPED;
}

int wait_in_vain(struct scene *scene)
{
    int code;

    if (!scene->reader)
        return STEP_SKIPPED;
    code = mms_wait(scene->reader, mms_generation(scene->region), 1);
    return code == MMS_E_TIMEOUT ? 0 : code;
}

/* ---- From outside ---- */

int look(struct scene *scene)
{
    mms_info info;

    return mms_inspect(scene->path, &info);
}

int look_twice(struct scene *scene)
{
    mms_inspector *inspector;
    mms_info info;
    int code = mms_inspector_open(scene->path, &inspector);

    if (code == 0)
        code = mms_inspector_look(inspector, &info);
    mms_inspector_close(inspector);
    return code;
}

int list_values(struct scene *scene)
{
    mms_past_value values[8];
    size_t count;
    int code = mms_history(scene->path, values, 8, &count);

    if (code == 0 && (count == 0 || !values[0].current))
        abort();
    return code;
}

int look_at_readers(struct scene *scene)
{
    mms_reader_info readers[4];
    size_t count;

    return mms_inspect_readers(scene->path, readers, 4, &count);
}

int check_all(struct scene *scene)
{
    return mms_verify(scene->path, NULL, NULL);
}

int remove_in_vain(struct scene *scene)
{
    return mms_remove(scene->path);
}

int remove_region(struct scene *scene)
{
    scene->may_be_gone = scene->handles_are_old = true;
    return mms_remove(scene->path);
}

static int repair_with(struct scene *scene, unsigned flags, int longest_view_ms)
{
    mms_repair_report report;

    return mms_repair(scene->path, flags, longest_view_ms, &report);
}

int repair(struct scene *scene)
{
    return repair_with(scene, 0, 0);
}

int repair_by_time(struct scene *scene)
{
    return repair_with(scene, 0, 2);
}

int repair_by_force(struct scene *scene)
{
    return repair_with(scene, MMS_REPAIR_FORCE, 0);
}
