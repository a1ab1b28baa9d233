/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/verify.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/table/describe.h"
#include "cli/table/held.h"

int verify_table(const char *path, const char **finding)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    struct held_table held;
    mms_table_info info;
    int status, code = 0, released;

    *finding = NULL;
    if (!describe_table(path, &info))
        return EXIT_OK;
    options.force_filesystem = true;
    status = held_table_take(&held, path, &options);
    if (!status && held.types.type)
        code = mms_typed_table_check(&held.view, held.types.type);
    released = held_table_release(&held);
    if (code == MMS_E_CORRUPT)
        *finding = mms_last_error();
    else if (code)
        status = fail_call(code);
    return status ? status : released;
}
