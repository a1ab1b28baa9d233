/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_API_OPTIONS_H
#define MMS_API_OPTIONS_H

#include <mmsync/mmap_sync.h>
#include <mmsync/table.h>

/* Copy the caller's options into a struct of this version, with zeros where the caller's is
   shorter. Refuses whatever this version does not know, or is out of range. NULL: all defaults.
   Details are stored. */
int mms__writer_options_read(const mms_writer_options *given, mms_writer_options *options);
int mms__region_options_read(const mms_region_options *given, mms_region_options *options);
int mms__table_options_read(const mms_table_options *given, mms_table_options *options);

/* options.grace_ms alone, with the default for 0. */
int mms__grace_read(int32_t given, int32_t *grace_ms);

/* The same as the first three for what options.mmap_sync points to, once it is known whose files are at the path.
   Unless it `suits` them, any option set there is refused. */
int mms__writer_options_for_mmap_sync(const mms_writer_options *options, bool suits, const char *path,
                                      mms_mmap_sync_writer_options *out);
int mms__region_options_for_mmap_sync(const mms_region_options *options, bool suits, const char *path,
                                      mms_mmap_sync_region_options *out);

#endif
