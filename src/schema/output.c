/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const char *what, const char *path)
{
    fprintf(stderr, "mmsc: cannot %s %s: %s\n", what, path, strerror(errno));
    return false;
}

/* Beside the target, so that it can be renamed. */
static bool open_temporary(struct output *output)
{
    mode_t mask = umask(0);
    int fd;

    umask(mask);
    fd = mkstemp(output->temporary);
    if (fd < 0)
        return false;
    output->file = fdopen(fd, "w");
    if (!output->file)
        close(fd);
    return output->file && fchmod(fd, 0666 & ~mask) == 0;
}

bool output_open(struct output *output, const char *path)
{
    *output = (struct output){.path = strdup(path)};
    if (!output->path || asprintf(&output->temporary, "%s.XXXXXX", path) < 0) {
        output->temporary = NULL;
        return complain("write", path);
    }
    if (open_temporary(output))
        return true;
    if (!output->file) {
        free(output->temporary);
        output->temporary = NULL;
    }
    return complain("write", path);
}

bool output_commit(struct output *output)
{
    bool good = fflush(output->file) == 0 && !ferror(output->file);

    good = fclose(output->file) == 0 && good;
    output->file = NULL;
    if (!good || rename(output->temporary, output->path) != 0)
        return complain("write", output->path);
    free(output->temporary);
    output->temporary = NULL;
    return true;
}

void output_close(struct output *output)
{
    if (output->file)
        fclose(output->file);
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    free(output->path);
}
