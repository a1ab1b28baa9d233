/* SPDX-License-Identifier: Apache-2.0 */
/* Reading typed values: the first read of a generation by a reader. */
#include "archive/typed.h"
#include "api/typed.h"
#include "archive/path.h"
#include <mmsync/archive.h>
#include <mmsync/atomic.h>

/* With a token: the type was compared, but the bytes were not checked. */
#define TYPE_ALONE (UINT32_C(1) << 31)

#define MMS__READ "reading a"

/* A number for each archive type that this process reads; what a reader remembers of a check. */
static uint32_t give_token(mms_archive *archive)
{
    static uint32_t last;
    uint32_t token = mms__load_relaxed(&archive->token), fresh;

    if (token != MMS_ARCHIVE_NEW)
        return token;
    fresh = mms__increment(&last);
    if (mms__cas_seq_cst(&archive->token, &token, fresh))
        return fresh;
    return token;
}

int mms__archive_compare_types(const char *verb, const mms_archive *archive, const uint64_t found[2], bool has_types,
                               uint64_t generation)
{
    struct mms__path path = {NULL, archive->type->name, 0};

    if (found[0] == archive->type_id[0] && found[1] == archive->type_id[1])
        return 0;
    if (!has_types)
        return 0; /* its files name no types: the check of the bytes decides */
    if ((found[0] | found[1]) == 0)
        return mms__path_fail(MMS_E_TYPE, verb, &path, "generation %llu was published without a type",
                              (unsigned long long)generation);
    return mms__path_fail(
        MMS_E_TYPE, verb, &path,
        "generation %llu has type %016llx%016llx, and this is %016llx%016llx; were both programs built from the same schema, with offsets of the same width?",
        (unsigned long long)generation, (unsigned long long)found[0], (unsigned long long)found[1],
        (unsigned long long)archive->type_id[0], (unsigned long long)archive->type_id[1]);
}

static int check_type(mms_reader *reader, const mms_archive *archive, const mms_view *view)
{
    uint64_t found[2];
    int code = mms_view_type(reader, found);

    return code == 0
               ? mms__archive_compare_types(MMS__READ, archive, found, mms__reader_has_types(reader), view->generation)
               : code;
}

int mms__archive_conclude(mms_reader *reader, int code)
{
    int lost = mms__reader_verify(reader);

    if (lost == 0 && code != 0)
        mms_release(reader);
    return lost != 0 ? lost : code;
}

int mms__archive_check_room(const char *verb, const mms_archive *archive, size_t size)
{
    struct mms__path path = {NULL, archive->type->name, 0};

    if (size >= archive->type->size)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, verb, &path, "%zu bytes are too few: the root alone takes %zu", size,
                          archive->type->size);
}

const void *mms_archive_read_unchecked(mms_reader *reader, mms_archive *archive, mms_view *view)
{
    struct mms__reader_head *head = (struct mms__reader_head *)(void *)reader;
    int code = mms_read(reader, view);
    uint32_t token;

    if (code != 0 || !view) /* which mms_read does not take */
        return NULL;
    token = give_token(archive);
    if ((head->checked & ~TYPE_ALONE) == token)
        return mms__root_of(view->data, view->size, archive->type->size);
    code = check_type(reader, archive, view);
    if (code == 0)
        code = mms__archive_check_room(MMS__READ, archive, view->size);
    if (mms__archive_conclude(reader, code) != 0)
        return NULL;
    head->checked = token | TYPE_ALONE;
    return mms__root_of(view->data, view->size, archive->type->size);
}

int mms__archive_root_slow(mms_reader *reader, mms_archive *archive, const mms_view *view, const void **root)
{
    struct mms__reader_head *head = (struct mms__reader_head *)(void *)reader;
    uint32_t token = give_token(archive);
    bool needs_check;
    mms_view held;
    int code;

    if (!view) {
        mms__fill_view(head, &held);
        view = &held;
    }
    code = check_type(reader, archive, view);
    needs_check = code == 0 && head->checked != token && mms__reader_needs_check(reader, token);
    if (code == 0)
        code = needs_check ? mms_archive_check(archive, view->data, view->size, NULL)
                           : mms__archive_check_room(MMS__READ, archive, view->size);
    code = mms__archive_conclude(reader, code);
    if (code != 0)
        return code;
    if (needs_check)
        mms__reader_note_checked(reader, token);
    head->checked = token;
    *root = mms__root_of(view->data, view->size, archive->type->size);
    return 0;
}

int mms_archive_read_copy(mms_region *region, const mms_archive *archive, void *buffer, size_t capacity, size_t *size,
                          uint64_t *generation, const void **root)
{
    struct mms__path path = {NULL, archive->type->name, 0};
    uint64_t now, type_id[2];
    size_t bytes;
    int code, type;

    if (((uintptr_t)buffer & (archive->type->deep_align - 1)) != 0)
        return mms__path_fail(MMS_E_INVALID, "copying a", &path, "the buffer must be at a multiple of %zu in memory",
                              archive->type->deep_align);
    code = mms__read_copy_typed(region, buffer, capacity, &bytes, &now, type_id);
    if (code != 0 && code != MMS_E_TOO_BIG)
        return code;
    type = mms__archive_compare_types(MMS__READ, archive, type_id, mms__region_has_types(region), now);
    if (type != 0)
        return type;
    if (size)
        *size = bytes;
    if (generation)
        *generation = now;
    return code == 0 ? mms_archive_check(archive, buffer, bytes, root) : code;
}
