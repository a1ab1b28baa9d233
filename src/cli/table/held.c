/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/held.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/open_region.h"

int held_table_read(struct held_table *held, const char *path, const mms_region_options *options, mms_view *view)
{
    int code;

    *held = (struct held_table){.region = NULL};
    code = open_region(path, options, &held->region);
    if (code)
        return fail_call(code);
    code = mms_region_read_only(held->region) ? MMS_E_READ_ONLY : mms_reader_open(held->region, &held->reader);
    if (code == 0) {
        code = mms_read(held->reader, view);
        return code ? fail_call(code) : EXIT_OK;
    }
    if (code != MMS_E_READ_ONLY && code != MMS_E_FULL)
        return fail_call(code);
    if (value_copy_take(held->region, &held->copy))
        return EXIT_FAILED;
    *view = (mms_view){.data = held->copy.data, .size = held->copy.size, .generation = held->copy.generation};
    return EXIT_OK;
}

/* An empty value may have no bytes at all. */
static int open_view(struct held_table *held, const char *path, const mms_view *view)
{
    int code = view->data ? mms_table_of(view, &held->view) : MMS_E_TYPE;

    if (code == MMS_E_TYPE)
        return fail("the value of %s is no table: 'mmsync read' reads it", path);
    return code ? fail_call(code) : EXIT_OK;
}

int held_table_take_types(struct held_table *held)
{
    return held->reader ? table_types_take_held(&held->types, held->reader, held->view.type_id)
                        : table_types_fetch(&held->types, held->region, held->view.type_id);
}

int held_table_take(struct held_table *held, const char *path, const mms_region_options *options)
{
    mms_view view = {.data = NULL};

    if (held_table_read(held, path, options, &view) || open_view(held, path, &view))
        return EXIT_FAILED;
    return held_table_take_types(held);
}

int held_table_release(struct held_table *held)
{
    int code = held->reader ? mms_release(held->reader) : 0;

    if (code == MMS_E_NO_VIEW) /* the read has failed */
        code = 0;
    if (code)
        fail_call(code);
    mms_reader_close(held->reader);
    mms_region_close(held->region);
    value_copy_free(&held->copy);
    table_types_free(&held->types);
    return code ? EXIT_FAILED : EXIT_OK;
}
