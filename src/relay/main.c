/* SPDX-License-Identifier: Apache-2.0 */
/* `mmsync push` and `mmsync follow`. The tool runs this program with the verb as its name. */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/relay_verbs.h"
#include "relay/follow.h"
#include "relay/push.h"
#include <malloc.h>
#include <nats/nats.h>
#include <signal.h>
#include <string.h>

enum { KEEP_BELOW = 4 << 20, KEEP_MOST = 64 << 20 };

static int run(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *verb = slash ? slash + 1 : argv[0];

    if (!strcmp(verb, push_verb.name))
        return push_main(argc, argv);
    if (!strcmp(verb, follow_verb.name))
        return follow_main(argc, argv);
    fail("this program belongs to mmsync; run 'mmsync push' or 'mmsync follow'");
    return EXIT_USAGE;
}

/* Each chunk is a message of libnats, allocated when it comes. By default glibc takes memory of this
   size from the kernel each time, which clears it, and gives it back. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    /* NOLINTBEGIN(concurrency-mt-unsafe): before libnats has threads */
    (void)mallopt(M_MMAP_THRESHOLD, KEEP_BELOW);
    (void)mallopt(M_TRIM_THRESHOLD, KEEP_MOST);
    /* NOLINTEND(concurrency-mt-unsafe) */
#endif
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    keep_memory();
    return argc > 0 ? finish_output(run(argc, argv)) : EXIT_USAGE;
}
