/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_REPLACE_H
#define MMS_REPLACE_H

#include "core/writer.h"

/* Give the writer's region the geometry of its options: build a new region that carries the value and goes on with the
   generations, put it in the old one's place in one step, then remove the old. On failure all is as it was. */
int mms__replace(struct mms_writer *writer);

#endif
