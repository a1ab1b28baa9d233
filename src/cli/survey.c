/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/survey.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mmsync/mmap_sync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char state_suffix[] = "_state";

/* Another file is cheaper to rule out than to inspect, and has no error worth telling. */
static bool is_region(int directory, const char *name)
{
    char control[NAME_MAX + sizeof "/control"];

    snprintf(control, sizeof control, "%s/control", name);
    return faccessat(directory, control, F_OK, 0) == 0;
}

/* Is `name` PREFIX_state, with PREFIX_data_0 or PREFIX_data_1 beside it? */
static bool is_mmap_sync_state(int directory, const char *name)
{
    char data[NAME_MAX + 8];
    size_t length = strlen(name), suffix = sizeof state_suffix - 1;

    if (length <= suffix || strcmp(name + length - suffix, state_suffix) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        snprintf(data, sizeof data, "%.*s_data_%d", (int)(length - suffix), name, i);
        if (faccessat(directory, data, F_OK, 0) == 0)
            return true;
    }
    return false;
}

static bool was_removed(int code)
{
    return code == -ENOENT || code == -ENOTDIR || code == MMS_E_GONE || code == MMS_E_NOT_REGION;
}

/* False: out of memory. */
static bool survey_one(struct surveyed *found, const char *directory, const char *name, int *code)
{
    const char *format = found->is_mmap_sync ? "mmap-sync:" : "mmsync:";
    int length = (int)(strlen(name) - (found->is_mmap_sync ? sizeof state_suffix - 1 : 0));

    if (asprintf(&found->address, "%s%s/%.*s", format, directory, length, name) < 0) {
        found->address = NULL;
        return false;
    }
    found->path = found->is_mmap_sync ? found->address : found->address + strlen(format);
    found->name = found->address + strlen(found->address) - length;
    *code = mms_inspect(found->address, &found->info);
    if (!*code)
        return true;
    found->info = (mms_info){0};
    found->error = strdup(last_error());
    return found->error != NULL;
}

static bool add(struct survey *survey, const struct surveyed *found)
{
    struct surveyed *list = survey->list;

    if ((survey->count & (survey->count - 1)) == 0) { /* room for twice as many at each power of 2 */
        list = realloc(list, (survey->count ? survey->count * 2 : 1) * sizeof *list);
        if (!list)
            return false;
        survey->list = list;
    }
    list[survey->count++] = *found;
    return true;
}

static void free_one(struct surveyed *found)
{
    free(found->address);
    free(found->error);
}

/* False: out of memory. */
static bool survey_entry(struct survey *survey, int fd, const char *directory, const char *name)
{
    struct surveyed found = {.is_mmap_sync = is_mmap_sync_state(fd, name)};
    int code = 0;
    bool done;

    if (*name == '.' || (!found.is_mmap_sync && !is_region(fd, name)))
        return true;
    done = survey_one(&found, directory, name, &code);
    if (done && !was_removed(code) && add(survey, &found))
        return true;
    free_one(&found);
    return done && was_removed(code); /* it went away meanwhile */
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct surveyed *)a)->name, ((const struct surveyed *)b)->name);
}

/* Returns 0 or an errno. */
static int survey_stream(struct survey *survey, DIR *stream, const char *directory)
{
    struct dirent *entry;

    while (errno = 0, (entry = readdir(stream)) != NULL)
        if (!survey_entry(survey, dirfd(stream), directory, entry->d_name))
            return ENOMEM;
    return errno;
}

int survey_directory(struct survey *survey, const char *directory)
{
    char *whole = realpath(directory, NULL); /* begins with a slash, so with no format */
    DIR *stream = whole ? opendir(whole) : NULL;
    size_t before = survey->count;
    int error = stream ? survey_stream(survey, stream, whole) : errno;

    if (stream)
        closedir(stream);
    free(whole);
    if (error) {
        while (survey->count > before)
            free_one(&survey->list[--survey->count]);
        errno = error;
        return fail_errno("cannot list %s", directory);
    }
    if (survey->count > 0)
        qsort(survey->list, survey->count, sizeof *survey->list, by_name);
    return EXIT_OK;
}

void survey_free(struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        free_one(&survey->list[i]);
    free(survey->list);
    *survey = (struct survey){.list = NULL};
}
