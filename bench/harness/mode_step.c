/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

void mode_step(struct session *session)
{
    fail(session, "not yet");
}
