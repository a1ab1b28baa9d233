/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/companion.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef MMS_LIBEXEC_FROM_BIN /* the tool in a wheel of Python, which has none */
#define MMS_LIBEXEC_FROM_BIN "../libexec"
#endif

/* Where they are, seen from the tool: installed, and in the build tree. */
static const char *const places[] = {MMS_LIBEXEC_FROM_BIN, "../libexec"};

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

int companion_run(const struct verb *verb, const char *name, char **argv)
{
    char directory[PATH_MAX], path[2 * PATH_MAX];

    if (!own_directory(directory))
        return fail("%s: cannot find the program that does it: /proc/self/exe cannot be read", verb->name);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s/mmsync/%s", directory, places[i], name);
        if (access(path, X_OK) == 0)
            execv(path, argv);
    }
    snprintf(path, sizeof path, "%s/%s/mmsync/%s", directory, places[0], name);
    return fail_errno("%s: cannot run %s, which belongs to this tool; install mmsync anew", verb->name, path);
}

static bool is_common(const char *word)
{
    return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "--version") || !strcmp(word, "-V");
}

int companion_missing(const struct verb *verb, const char *what, const char *packages, char **argv)
{
    static const struct option only_common[] = {COMMON_OPTIONS};
    char name[16];
    char *words[] = {name, argv[1], NULL};

    snprintf(name, sizeof name, "%s", verb->name);
    if (argv[1] && is_common(argv[1]))
        (void)next_option(verb, 2, words, "", only_common);
#ifdef MMS_STATIC_CLI
    (void)what, (void)packages;
    return fail("%s: the tool in the Python package cannot do that; install mmsync itself", verb->name);
#else
    return fail("%s: this mmsync was built without %s; install %s, and build it again", verb->name, what, packages);
#endif
}
