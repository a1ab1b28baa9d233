/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/data.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { LEAST_RECORDS = 1000, MOST_BYTES = 64 << 20 };

static const struct source {
    enum data_kind kind;
    const char *name, *title, *path, *package;
    const char *(*parse)(struct data_set *set, size_t size);
} sources[] = {
    {DATA_OUI, "oui", "the IEEE's OUI registry", "/usr/share/ieee-data/oui.csv", "ieee-data", parse_oui},
    {DATA_SUFFIX, "public-suffix", "the public suffix list", "/usr/share/publicsuffix/public_suffix_list.dat",
     "publicsuffix", parse_suffixes},
};

enum { SOURCES = sizeof sources / sizeof *sources };

static const struct source *source_of(enum data_kind kind)
{
    for (unsigned i = 0; i < SOURCES; i++)
        if (sources[i].kind == kind)
            return &sources[i];
    return NULL;
}

const char *data_name(enum data_kind kind)
{
    return source_of(kind)->name;
}

const char *data_title(enum data_kind kind)
{
    return source_of(kind)->title;
}

bool data_add(struct data_set *set, const char *key, size_t key_size, const char *value, size_t value_size,
              uint32_t flags)
{
    if (set->count == set->capacity) {
        uint32_t capacity = set->capacity ? set->capacity * 2 : 4096;
        struct data_entry *entries = realloc(set->entries, capacity * sizeof *entries);

        if (!entries)
            return false;
        set->entries = entries;
        set->capacity = capacity;
    }
    set->entries[set->count] = (struct data_entry){
        .key = key,
        .value = value,
        .hash = XXH3_64bits(key, key_size),
        .number = set->count,
        .flags = flags,
        .key_size = (uint16_t)key_size,
        .value_size = (uint16_t)value_size,
    };
    set->count++;
    return true;
}

static bool same_key(const struct data_entry *a, const struct data_entry *b)
{
    return a->hash == b->hash && a->key_size == b->key_size && !memcmp(a->key, b->key, a->key_size);
}

static int compare_entries(const void *left, const void *right)
{
    const struct data_entry *a = left, *b = right;
    int order = (a->hash > b->hash) - (a->hash < b->hash);

    if (!order)
        order = (int)a->key_size - (int)b->key_size;
    if (!order)
        order = memcmp(a->key, b->key, a->key_size);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

/* Order by hash. Of records with the same key the first keeps its value and gets the flags of
   all: the registry has a few numbers twice, and the suffix list has both "key" and "*.key" for
   some. */
static void arrange(struct data_set *set)
{
    uint32_t kept = 0;

    qsort(set->entries, set->count, sizeof *set->entries, compare_entries);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct data_entry *entry = &set->entries[i];

        if (kept && same_key(&set->entries[kept - 1], entry)) {
            set->entries[kept - 1].flags |= entry->flags;
            continue;
        }
        set->entries[kept] = *entry;
        set->entries[kept].number = kept;
        kept++;
    }
    set->count = kept;
}

static int read_all(int file, struct data_set *set, size_t *size)
{
    struct stat status;
    ssize_t got = 1;

    if (fstat(file, &status))
        return -errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    if (status.st_size > MOST_BYTES)
        return -EFBIG;
    set->text = malloc((size_t)status.st_size + 1);
    if (!set->text)
        return -ENOMEM;
    for (*size = 0; *size < (size_t)status.st_size && got > 0; *size += (size_t)got) {
        got = read(file, set->text + *size, (size_t)status.st_size - *size);
        if (got < 0)
            return -errno;
    }
    set->text[*size] = '\0';
    return 0;
}

static int read_file(struct data_set *set, size_t *size)
{
    int file = open(set->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int code = file < 0 ? -errno : read_all(file, set, size);

    if (file >= 0)
        close(file);
    return code;
}

static int missing(const struct source *source, const char *path, int code)
{
    errno = -code;
    if (code == -ENOENT && !strcmp(path, source->path))
        return fail("demo: %s is not installed: there is no %s; install the Debian package %s (apt install %s)",
                    source->title, path, source->package, source->package);
    return fail_errno("demo: cannot read %s from %s", source->title, path);
}

static int load(const struct source *source, const char *path, struct data_set *set)
{
    const char *wrong;
    size_t size = 0;
    int code;

    *set = (struct data_set){.kind = source->kind, .path = strdup(path)};
    if (!set->path)
        return fail_errno("demo");
    code = read_file(set, &size);
    if (code)
        return missing(source, path, code);
    set->digest = XXH3_64bits(set->text, size); /* now: the parser unquotes in place */
    wrong = source->parse(set, size);
    if (!wrong && set->count < LEAST_RECORDS)
        wrong = "it has too few records";
    if (wrong)
        return fail("demo: %s is not %s as it is published: %s", path, source->title, wrong);
    arrange(set);
    return 0;
}

int data_load(enum data_kind kind, const char *path, struct data_set *set)
{
    const struct source *source = source_of(kind);

    for (unsigned i = 0; !source && i < SOURCES; i++)
        if (!access(sources[i].path, R_OK))
            source = &sources[i];
    if (!source)
        return fail("demo: no data to publish: install the Debian package %s or %s (apt install %s)",
                    sources[0].package, sources[1].package, sources[0].package);
    if (load(source, path ? path : source->path, set)) {
        data_free(set);
        return EXIT_FAILED;
    }
    return 0;
}

void data_free(struct data_set *set)
{
    free(set->path);
    free(set->text);
    free(set->entries);
    *set = (struct data_set){0};
}
