/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_OPTIONS_H
#define MMS_OPTIONS_H

#include <mmsync.h>

/* Copy what the caller gave into a struct of this version, zero where the caller's is shorter, and refuse what this
   version does not know, or what is out of range. NULL: all defaults. Details are stored. */
int mms__writer_options_read(const mms_writer_options *given, mms_writer_options *options);
int mms__region_options_read(const mms_region_options *given, mms_region_options *options);

#endif
