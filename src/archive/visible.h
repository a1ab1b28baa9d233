/* SPDX-License-Identifier: Apache-2.0 */
/* In front of every file here, as core/exported.h is in front of the core's. */
#ifndef MMS_VISIBLE_H
#define MMS_VISIBLE_H

#pragma GCC visibility push(default)
#include <mmsync/archive.h>
#pragma GCC visibility pop

#endif
