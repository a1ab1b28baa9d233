/* SPDX-License-Identifier: Apache-2.0 */
/* Named points between the steps of the library, where tests kill or stop a process (tests/crash/matrix). They compile
   to nothing, except in a build that this test makes for itself. Not part of the
   API. */
#ifndef MMSYNC_STEP_H
#define MMSYNC_STEP_H

#ifndef MMS__STEP
#define MMS__STEP(name) ((void)0)
#endif

#endif
