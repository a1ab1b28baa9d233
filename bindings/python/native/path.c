/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const schemes[] = {"mmsync:", "mmap-sync:"};

static size_t scheme_length(const char *path)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(path, schemes[i], strlen(schemes[i])) == 0)
            return strlen(schemes[i]);
    return 0;
}

/* A name without a slash is not relative to a directory. NULL with an exception. */
static char *make_absolute(const char *path)
{
    size_t scheme = scheme_length(path);
    const char *rest = path + scheme;
    char *directory = NULL, *joined = NULL;

    if (!strchr(rest, '/') || *rest == '/')
        joined = strdup(path);
    else if (!(directory = getcwd(NULL, 0)))
        return (char *)PyErr_SetFromErrno(PyExc_OSError);
    else if (asprintf(&joined, "%.*s%s/%s", (int)scheme, path, directory, rest) < 0)
        joined = NULL;
    free(directory);
    return joined ? joined : (char *)PyErr_NoMemory();
}

int mmspy_path_read(PyObject *object, struct mmspy_path *out)
{
    struct mmspy_path path = {0};

    if (!PyUnicode_FSConverter(object, &path.given))
        return -1;
    path.absolute = make_absolute(PyBytes_AsString(path.given));
    if (!path.absolute) {
        mmspy_path_free(&path);
        return -1;
    }
    *out = path;
    return 0;
}

void mmspy_path_free(struct mmspy_path *path)
{
    Py_CLEAR(path->given);
    free(path->absolute);
    path->absolute = NULL;
}

const char *mmspy_path_text(const struct mmspy_path *path)
{
    return path->given ? PyBytes_AsString(path->given) : "?";
}
