/* SPDX-License-Identifier: Apache-2.0 */
/* What an mms_inspector is. */
#ifndef MMS_HANDLE_INSPECTOR_H
#define MMS_HANDLE_INSPECTOR_H

#include "handle/backend.h"

struct mms_inspector {
    const struct mms__backend *backend;
    bool is_named;           /* a scheme said which back end, for good */
    struct mms__place place; /* nothing is open */
    void *kept;              /* the back end's; NULL: nothing yet */
};

#endif
