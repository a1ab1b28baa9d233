/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/relay_verbs.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef MMS_HAVE_RELAY

/* Where it is, seen from the tool: installed, and in the build tree. */
static const char *const places[] = {MMS_RELAY_FROM_BIN, "../libexec/mmsync/relay"};

/* The directory of this program, without the slash at the end; false if the kernel does not say. */
static bool own_directory(char directory[PATH_MAX])
{
    const ssize_t length = readlink("/proc/self/exe", directory, PATH_MAX - 1);
    char *slash;

    if (length <= 0)
        return false;
    directory[length] = '\0';
    slash = strrchr(directory, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

/* Returns only if it fails. */
static int run_relay(const struct verb *verb, char **argv)
{
    char directory[PATH_MAX], path[2 * PATH_MAX];

    if (!own_directory(directory))
        return fail("%s: cannot find the program that does it: /proc/self/exe cannot be read", verb->name);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, places[i]);
        if (access(path, X_OK) == 0)
            execv(path, argv);
    }
    snprintf(path, sizeof path, "%s/%s", directory, places[0]);
    return fail_errno("%s: cannot run %s, which belongs to this tool; install mmsync anew", verb->name, path);
}

#else

static const struct option only_common[] = {COMMON_OPTIONS};

/* There is help all the same. */
static int run_relay(const struct verb *verb, char **argv)
{
    char name[16];
    char *words[] = {name, argv[1], NULL};

    snprintf(name, sizeof name, "%s", verb->name);
    if (argv[1] && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--version") ||
                    !strcmp(argv[1], "-V")))
        (void)next_option(verb, 2, words, "", only_common);
#ifdef MMS_STATIC_CLI
    return fail("%s: the tool in the Python package cannot do that; install mmsync itself", verb->name);
#else
    return fail("%s: this mmsync was built without NATS; install libnats-dev and libzstd-dev, and build it again",
                verb->name);
#endif
}

#endif

int cmd_push(int argc, char **argv)
{
    (void)argc;
    return run_relay(&push_verb, argv);
}

int cmd_follow(int argc, char **argv)
{
    (void)argc;
    return run_relay(&follow_verb, argv);
}
