/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/validate.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/message.h"
#include <fcntl.h>
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What it finds in its environment. */
static int describe(const char *path, size_t size)
{
    char number[24];
    mms_info info;
    int code = mms_inspect(path, &info);

    if (code)
        return fail_call(code);
    snprintf(number, sizeof number, "%" PRIu64, info.generation);
    if (setenv("MMSYNC_REGION", path, 1) || setenv("MMSYNC_GENERATION", number, 1))
        return fail_errno("cannot run the validation");
    snprintf(number, sizeof number, "%zu", size);
    return setenv("MMSYNC_SIZE", number, 1) ? fail_errno("cannot run the validation") : EXIT_OK;
}

int validate(const char *line, const char *path, const void *data, size_t size)
{
    char shell[] = "/bin/sh", option[] = "-c", *copy = strdup(line);
    char *argv[] = {shell, option, copy, NULL};
    struct command command = {.argv = argv, .name = line};
    int ends[2], status = describe(path, size);

    if (!status && (!copy || pipe2(ends, O_CLOEXEC)))
        status = fail_errno("cannot run the validation");
    if (status) {
        free(copy);
        return status;
    }
    status = command_start(&command, ends[0], STDERR_FILENO); /* our standard output has one line of our own */
    close(ends[0]);
    if (status)
        close(ends[1]);
    else
        command_feed(&command, ends[1], data, size);
    if (!status)
        status = command_wait(&command);
    free(copy);
    return status;
}
