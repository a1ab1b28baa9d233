/* SPDX-License-Identifier: Apache-2.0 */
/* What a value must be before its bytes are looked at. */
#ifndef MMS_ARCHIVE_TYPED_H
#define MMS_ARCHIVE_TYPED_H

#include <mmsync/archive.h>

/* MMS_E_TYPE unless what was found is the type. `verb` begins the detail: "reading a". */
int mms__archive_compare_types(const char *verb, const mms_archive *archive, const uint64_t found[2], bool has_types,
                               uint64_t generation);

/* `code` is the finding in the view that is held. It stands only if the view does: bytes taken
   away meanwhile are neither good nor damaged. On failure the view ends. */
int mms__archive_conclude(mms_reader *reader, int code);

/* MMS_E_CORRUPT unless the root has room. For bytes that nobody checks; a check finds it, too. */
int mms__archive_check_room(const char *verb, const mms_archive *archive, size_t size);

#endif
