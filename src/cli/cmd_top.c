/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/companion.h"
#include "cli/top_verb.h"

int cmd_top(int argc, char **argv)
{
    (void)argc;
#ifdef MMS_HAVE_TOP
    return companion_run(&top_verb, "top", argv);
#else
    return companion_missing(&top_verb, "ncurses", "libncurses-dev", argv);
#endif
}
