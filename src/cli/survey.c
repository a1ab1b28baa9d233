/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/survey.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mmsync/mmap_sync.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HELPERS_MOST = 3, REGIONS_EACH = 64 };

static const char state_suffix[] = "_state";

static bool has_file(int directory, const char *name, const char *file)
{
    char path[NAME_MAX + sizeof "/readers"];

    snprintf(path, sizeof path, "%s/%s", name, file);
    return faccessat(directory, path, F_OK, 0) == 0;
}

/* A region, or what is left of one from which a file was deleted. Not a link to one: that has a
   name of its own. */
static bool has_most_files(int directory, const char *name)
{
    struct stat status;

    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode))
        return false;
    return has_file(directory, name, "control") + has_file(directory, name, "readers") +
               has_file(directory, name, "data") + has_file(directory, name, "lock") >=
           3;
}

/* Another file is cheaper to rule out than to inspect, and has no error worth telling. */
static bool is_region(int directory, const char *name)
{
    return has_file(directory, name, "control") || has_most_files(directory, name);
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

/* Not there, or never was: a directory of somebody else's may hold a file `control`, too. */
static bool is_nothing(const struct surveyed *found, int directory)
{
    int code = found->code;

    return code == -ENOENT || code == -ENOTDIR || code == MMS_E_GONE ||
           (code == MMS_E_NOT_REGION && (found->is_mmap_sync || !has_most_files(directory, found->name)));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct surveyed *)a)->name, ((const struct surveyed *)b)->name);
}

static int by_address(const void *a, const void *b)
{
    return strcmp(((const struct surveyed *)a)->address, ((const struct surveyed *)b)->address);
}

static void sort(struct surveyed_list *list, int (*compare)(const void *, const void *))
{
    if (list->count > 0)
        qsort(list->all, list->count, sizeof *list->all, compare);
}

/* False: out of memory. For each region of each round, so without printf. */
static bool make_address(struct surveyed *found, const char *directory, const char *name)
{
    const char *format = found->is_mmap_sync ? "mmap-sync:" : "mmsync:";
    const size_t format_size = strlen(format);
    const size_t name_size = strlen(name) - (found->is_mmap_sync ? sizeof state_suffix - 1 : 0);
    char *at = malloc(format_size + strlen(directory) + 1 + name_size + 1);

    found->address = at;
    if (!at)
        return false;
    at = stpcpy(stpcpy(at, format), directory);
    *at++ = '/';
    found->name = at;
    memcpy(at, name, name_size);
    at[name_size] = '\0';
    found->path = found->is_mmap_sync ? found->address : found->address + format_size;
    return true;
}

static int inspect(const struct survey *survey, struct surveyed *found)
{
    int code = 0;

    if (!survey->is_repeated)
        return mms_inspect(found->address, &found->info);
    if (!found->inspector)
        code = mms_inspector_open(found->address, &found->inspector);
    return code ? code : mms_inspector_look(found->inspector, &found->info);
}

/* ---- One after the other, or several at once ---- */

static void survey_one(const struct survey *survey, struct surveyed *found)
{
    found->code = inspect(survey, found);
    if (found->code == 0)
        return;
    found->info = (mms_info){0};
    found->error = strdup(last_error());
}

/* What threads share. */
struct batch {
    const struct survey *survey;
    struct surveyed *all;
    size_t count;
    atomic_size_t next;
};

static void *survey_some(void *context)
{
    struct batch *batch = context;
    size_t i;

    while ((i = atomic_fetch_add(&batch->next, 1)) < batch->count)
        survey_one(batch->survey, &batch->all[i]);
    return NULL;
}

/* How many threads help. A look is a handful of system calls, so few regions are not worth one. */
static size_t helpers_for(size_t count)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = processors > 1 ? (size_t)processors - 1 : 0, useful = count / REGIONS_EACH;

    most = most < HELPERS_MOST ? most : HELPERS_MOST;
    return useful < most ? useful : most;
}

/* Whatever threads there are, or none. */
static void survey_batch(const struct survey *survey, struct surveyed *all, size_t count)
{
    struct batch batch = {.survey = survey, .all = all, .count = count};
    pthread_t helpers[HELPERS_MOST];
    size_t wanted = helpers_for(count), started = 0;

    while (started < wanted && pthread_create(&helpers[started], NULL, survey_some, &batch) == 0)
        started++;
    survey_some(&batch);
    while (started > 0)
        pthread_join(helpers[--started], NULL);
}

/* ---- The list ---- */

static bool add(struct surveyed_list *list, const struct surveyed *found)
{
    struct surveyed *all = list->all;

    if ((list->count & (list->count - 1)) == 0) { /* room for twice as many at each power of 2 */
        all = realloc(all, (list->count ? list->count * 2 : 1) * sizeof *all);
        if (!all)
            return false;
        list->all = all;
    }
    all[list->count++] = *found;
    return true;
}

static void free_one(struct surveyed *found)
{
    mms_inspector_close(found->inspector);
    free(found->address);
    free(found->error);
    free(found->label);
}

static void free_list(struct surveyed_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_one(&list->all[i]);
    free(list->all);
    *list = (struct surveyed_list){.all = NULL};
}

static struct surveyed *find_known(const struct survey *survey, const struct surveyed *found)
{
    const struct surveyed_list *known = &survey->known;

    return known->count ? bsearch(found, known->all, known->count, sizeof *found, by_address) : NULL;
}

/* Go on with what is kept from the round before. False: there is nothing. */
static bool recall(struct survey *survey, struct surveyed *found)
{
    struct surveyed *known = find_known(survey, found);

    if (!known || !known->inspector)
        return false;
    found->inspector = known->inspector;
    found->label = known->label;
    known->inspector = NULL;
    known->label = NULL;
    return true;
}

/* Add what may be a region, still to be looked into. False: out of memory. */
static bool find_entry(struct survey *survey, int fd, const char *directory, const char *name)
{
    struct surveyed found = {.is_mmap_sync = is_mmap_sync_state(fd, name)};

    if (*name == '.')
        return true;
    if (!make_address(&found, directory, name))
        return false;
    if (!recall(survey, &found) && !found.is_mmap_sync && !is_region(fd, name)) {
        free_one(&found);
        return true;
    }
    if (add(&survey->found, &found))
        return true;
    free_one(&found);
    return false;
}

/* Returns 0 or an errno. */
static int find_entries(struct survey *survey, DIR *stream, const char *directory)
{
    struct dirent *entry;

    while (errno = 0, (entry = readdir(stream)) != NULL)
        if (!find_entry(survey, dirfd(stream), directory, entry->d_name))
            return ENOMEM;
    return errno;
}

/* Of what was found after the first `before`, keep what is something. Returns 0 or an errno. */
static int drop_nothings(struct surveyed_list *list, size_t before, int fd)
{
    size_t kept = before;
    bool is_short = false;

    for (size_t i = before; i < list->count; i++) {
        struct surveyed *found = &list->all[i];

        is_short = is_short || (found->code != 0 && !found->error);
        if (is_nothing(found, fd))
            free_one(found);
        else
            list->all[kept++] = *found;
    }
    list->count = kept;
    return is_short ? ENOMEM : 0;
}

static int survey_stream(struct survey *survey, DIR *stream, const char *directory)
{
    size_t before = survey->found.count;
    int error = find_entries(survey, stream, directory);

    if (error)
        return error;
    if (survey->found.count > before)
        survey_batch(survey, survey->found.all + before, survey->found.count - before);
    return drop_nothings(&survey->found, before, dirfd(stream));
}

/* Has it been listed in this round? `whole` is its real path. Of one without regions it does not matter. */
static bool is_listed(const struct survey *survey, const char *whole)
{
    const size_t size = strlen(whole);

    for (size_t i = 0; i < survey->found.count; i++) {
        const struct surveyed *found = &survey->found.all[i];
        const char *of = strchr(found->address, ':') + 1;

        if ((size_t)(found->name - of) == size + 1 && memcmp(of, whole, size) == 0)
            return true;
    }
    return false;
}

int survey_directory(struct survey *survey, const char *directory)
{
    char *whole = realpath(directory, NULL); /* begins with a slash, so with no format */
    DIR *stream = whole ? opendir(whole) : NULL;
    size_t before = survey->found.count;
    int error = !stream ? errno : is_listed(survey, whole) ? 0 : survey_stream(survey, stream, whole);

    if (stream)
        closedir(stream);
    free(whole);
    if (error) {
        while (survey->found.count > before)
            free_one(&survey->found.all[--survey->found.count]);
        errno = error;
        return fail_errno("cannot list %s", directory);
    }
    sort(&survey->found, by_name);
    return EXIT_OK;
}

/* An inspector keeps two descriptors if half as many as there may be are enough for that, and then looks in less time. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void survey_repeat(struct survey *survey)
{
    allow_descriptors();
    free_list(&survey->known);
    survey->known = survey->found;
    survey->found = (struct surveyed_list){.all = NULL};
    sort(&survey->known, by_address);
}

const struct surveyed *survey_before(const struct survey *survey, const struct surveyed *found)
{
    return find_known(survey, found);
}

void survey_free(struct survey *survey)
{
    free_list(&survey->found);
    free_list(&survey->known);
}
