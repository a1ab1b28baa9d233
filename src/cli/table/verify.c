/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/verify.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/table/held.h"

/* Of a value whose bytes say something else. */
static bool is_called_table(const struct held_table *held)
{
    uint64_t type_id[2];

    return held->reader && mms_view_type(held->reader, type_id) == 0 && type_id[0] == MMS_TABLE_TYPE_0 &&
           type_id[1] == MMS_TABLE_TYPE_1;
}

/* *code is what the library says of the table; 0: it is right, or the value is none. */
static int check_value(struct held_table *held, const mms_view *view, int *code)
{
    *code = view->data ? mms_table_of(view, &held->view) : MMS_E_TYPE;
    if (*code == MMS_E_TYPE && (!view->data || !is_called_table(held)))
        *code = 0;
    else if (*code == 0 && held_table_take_types(held))
        return EXIT_FAILED;
    else if (*code == 0)
        *code = held->types.type ? mms_typed_table_check(&held->view, held->types.type) : mms_table_check(&held->view);
    return EXIT_OK;
}

/* Whether there is a value that may be a table: it has a type. Where no view can be had it is copied. */
static bool has_typed_value(const char *path)
{
    mms_info info;

    return mms_inspect(path, &info) == 0 && info.generation != 0 && (info.type_id[0] | info.type_id[1]) != 0;
}

int verify_table(const char *path, const char **finding)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_view view = {.data = NULL};
    struct held_table held;
    int status, code = 0, released;

    *finding = NULL;
    if (!has_typed_value(path))
        return EXIT_OK;
    options.force_filesystem = true;
    status = held_table_read(&held, path, &options, &view);
    if (!status)
        status = check_value(&held, &view, &code);
    released = held_table_release(&held);
    if (code == MMS_E_CORRUPT || code == MMS_E_TYPE)
        *finding = mms_last_error();
    else if (code)
        status = fail_call(code);
    return status ? status : released;
}
