/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/set/set.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/set/input.h"
#include "cli/set/place.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int set_open(struct set *set, const char *path, const mms_writer_options *options)
{
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_region *region = NULL;
    int code, status;

    reading.read_only = true;
    reading.force_filesystem = options->force_filesystem;
    reading.trust_owner = options->trust_owner;
    reading.trusted_uid = options->trusted_uid;
    code = mms_region_open(path, &reading, &region);
    if (code)
        return fail_call(code);
    status = typed_load_schema(region, "change bytes with --at, and a table with 'mmsync put'", &set->schema);
    mms_region_close(region);
    return status;
}

void set_close(struct set *set)
{
    typed_free_schema(&set->schema);
}

/* ---- One change ---- */

static bool fail_whole(const struct place *place, struct path *path)
{
    const char *name = place->type->name;

    switch (place->type->kind) {
    case MMS_T_STRING:
    case MMS_T_BOX_STR:
        return place_fail(path, "text has no fixed size, so it cannot change in place; publish a whole value");
    case MMS_T_VEC:
        return place_fail(
            path, "%s cannot change as a whole in place; set its elements, as [0], or publish a whole value", name);
    case MMS_T_MAP:
    case MMS_T_TREE:
        return place_fail(
            path,
            "%s cannot change as a whole in place; set the values of its keys, as {KEY}, or publish a whole value",
            name);
    case MMS_T_SET:
    case MMS_T_TREE_SET: return place_fail(path, "the keys of %s cannot change in place; publish a whole value", name);
    default:
        return place_fail(
            path,
            "%s has parts elsewhere, so it cannot change as a whole in place; set what is in it, or publish a whole value",
            name);
    }
}

/* What stands behind the `=`; all of it. */
static bool read_value(const struct place *place, struct path *path, struct literal *literal, void *value)
{
    literal->at = path->at + 1;
    literal->end = literal->at + strlen(literal->at);
    literal->alone = true;
    if (!input_read(literal, place->type, value))
        return place_fail(path, "%s", literal->problem);
    return literal_peek(literal) == '\0' || place_fail(path, "'%s' is left behind the value", literal->at);
}

/* A code of the library; it has said why. False: see path->problem. */
static bool set_place(mms_writer *writer, const struct place *place, struct path *path, int *code)
{
    struct literal literal = {.at = path->at};
    char *room = literal.room = malloc(strlen(path->at) + 1);
    void *value = calloc(1, place->type->input_size + 1);
    bool good = room && value ? read_value(place, path, &literal, value) : place_fail(path, "memory is short");

    if (good)
        *code = mms_archive_set(writer, place->type, place->self, value);
    free(room);
    free(value);
    return good;
}

static int assign(const char *assignment, mms_writer *writer, const mms_type *type, const void *root)
{
    struct place place = {type, root};
    struct path path = {.text = assignment};
    int code = 0;
    bool good = place_find(&place, &path);

    if (good && !(place.type->flags & MMS_TF_LEAF))
        good = fail_whole(&place, &path);
    if (good)
        good = set_place(writer, &place, &path, &code);
    if (!good)
        return fail("--set %s; nothing was published", path.problem);
    return code ? fail_call(code) : EXIT_OK;
}

int set_apply(const struct set *set, mms_writer *writer, struct candidate *candidate)
{
    const mms_archive *archive = set->schema.archive;
    const void *root;
    int code, status = EXIT_OK;

    interrupt_kills(true); /* there may be readers to wait for, and the region has a value already */
    code = mms_archive_update(writer, archive, &root, &candidate->size, NULL);
    interrupt_kills(false);
    if (code)
        return fail_call(code);
    candidate->data = (const char *)root + archive->type->size - candidate->size; /* the root is the archive's end */
    for (size_t i = 0; i < set->count && !status; i++)
        status = assign(set->assignments[i], writer, archive->type, root);
    if (status)
        mms_write_abort(writer);
    return status;
}
