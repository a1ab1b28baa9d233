/* SPDX-License-Identifier: Apache-2.0 */
/* Reading typed values: the first look at a generation. */
#include "archive/path.h"
#include <mmsync/archive.h>
#include <mmsync/atomic.h>

/* With a token: the type was compared, and the bytes were not checked. */
#define TYPE_ALONE (UINT32_C(1) << 31)

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

static int check_type(mms_reader *reader, const mms_archive *archive, const mms_view *view)
{
    struct mms__step step = {NULL, archive->type->name, 0};
    uint64_t found[2];
    int code = mms_view_type(reader, found);

    if (code != 0 || (found[0] == archive->type_id[0] && found[1] == archive->type_id[1]))
        return code;
    if (mms_reader_format(reader) == MMS_FORMAT_MMAP_SYNC)
        return 0; /* its files name no types: the check of the bytes decides */
    if ((found[0] | found[1]) == 0)
        return mms__path_fail(MMS_E_TYPE, "reading a", &step, "generation %llu was published without a type",
                              (unsigned long long)view->generation);
    return mms__path_fail(MMS_E_TYPE, "reading a", &step,
                          "generation %llu has type %016llx%016llx, and this is %016llx%016llx; were both programs "
                          "made from one schema, with offsets of the same width?",
                          (unsigned long long)view->generation, (unsigned long long)found[0],
                          (unsigned long long)found[1], (unsigned long long)archive->type_id[0],
                          (unsigned long long)archive->type_id[1]);
}

const void *mms_archive_read_unchecked(mms_reader *reader, mms_archive *archive, mms_view *view)
{
    struct mms__reader_head *head = (struct mms__reader_head *)(void *)reader;
    struct mms__step step = {NULL, archive->type->name, 0};
    int code = mms_read(reader, view);
    uint32_t token;

    if (code != 0 || !view) /* which mms_read does not take */
        return NULL;
    token = give_token(archive);
    if ((head->checked & ~TYPE_ALONE) == token)
        return (const char *)view->data + (view->size - archive->type->size);
    code = check_type(reader, archive, view);
    if (code == 0 && view->size < archive->type->size)
        code = mms__path_fail(MMS_E_CORRUPT, "reading a", &step, "%zu bytes, and the root alone has %zu", view->size,
                              archive->type->size);
    if (code == 0) {
        head->checked = token | TYPE_ALONE;
        return (const char *)view->data + (view->size - archive->type->size);
    }
    mms_release(reader);
    return NULL;
}

int mms__archive_root_slow(mms_reader *reader, mms_archive *archive, const mms_view *view, const void **root)
{
    struct mms__reader_head *head = (struct mms__reader_head *)(void *)reader;
    uint32_t token = give_token(archive);
    mms_view held;
    int code;

    if (!view) {
        mms__fill_view(head, &held);
        view = &held;
    }
    code = check_type(reader, archive, view);
    if (code == 0 && head->checked != token)
        code = mms_archive_check(archive, view->data, view->size, NULL);
    if (code != 0) {
        mms_release(reader);
        return code;
    }
    head->checked = token;
    *root = (const char *)view->data + (view->size - archive->type->size);
    return 0;
}
