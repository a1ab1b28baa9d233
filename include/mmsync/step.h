/* SPDX-License-Identifier: Apache-2.0 */
/* Named points between the steps of the library, where tests kill or stop a process (tests/crash/matrix). They are
   nothing at all unless the compiler is told otherwise, as that test does for a build of its own. Not part of the
   API. */
#ifndef MMSYNC_STEP_H
#define MMSYNC_STEP_H

#ifndef MMS__STEP
#define MMS__STEP(name) ((void)0)
#endif

#endif
