/* SPDX-License-Identifier: Apache-2.0 */
/* Tables whose keys and values are texts, through the handles of handles.h. Each function fails the test
   if it fails. */
#ifndef TABLE_TEXTS_H
#define TABLE_TEXTS_H

#include "handles.h"
#include <mmsync/table.h>

/* For values of up to 4 MiB, or as many bytes; each commit compares all bytes (options.check_touch). */
struct handles open_table_handles(void **state);
struct handles open_table_handles_of(void **state, uint64_t max_size);

mms_table *begin_table(struct handles *handles);
mms_table *begin_table_with(struct handles *handles, const mms_table_options *options);
void put_text(mms_table *table, const char *key, const char *value);
/* An update of this key alone. */
void publish_entry(struct handles *handles, const char *key, const char *value);

/* The newest table, checked. Release the reader afterwards. */
mms_table_view read_table(struct handles *handles);
/* `text` NULL: there is no such key. */
void check_has_text(const mms_table_view *view, const char *key, const char *text);
/* Read, check and release. */
void check_entry(struct handles *handles, const char *key, const char *text);

#endif
