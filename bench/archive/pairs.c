/* SPDX-License-Identifier: Apache-2.0 */
/* The C side of run.sh: pairs CASE TIMES. Prints nanoseconds on the processor for one
   operation, and what the crate's side must print too: a hash of the archive, or how many keys
   were found. src/main.rs is the other side. */
#include "pairs.h"
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ENTRIES = 100000, FEATURES = 8, NAME_SIZE = 32 };

struct run {
    size_t times;
    double ns;
    uint64_t result;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void demand(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "pairs: %s: %s\n", what, mms_last_error());
    exit(1);
}

static void *need(size_t size)
{
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

    demand(memory != NULL, "no memory");
    return memory;
}

/* The values' keys, and the order in which they are looked up. */
static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t digest(const unsigned char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* ---- Values ---- */

static const void *make_hello(void)
{
    static const mms_str messages[] = {{"Hello", 5}, {"World", 5}, {"!", 1}};
    static const HelloWorld hello = {7, {messages, 3}};

    return &hello;
}

static const void *make_table(void)
{
    static const mms_str names[FEATURES] = {{"age", 3},      {"clicks", 6}, {"visits", 6},   {"spent", 5},
                                            {"returned", 8}, {"hour", 4},   {"distance", 8}, {"score", 5}};
    static FeatureTable table = {1, {names, FEATURES}, {NULL, ENTRIES}};
    HashMap_u64_Vec_f32_entry *entries = need(ENTRIES * sizeof *entries);

    for (size_t i = 0; i < ENTRIES; i++) {
        float *floats = malloc(FEATURES * sizeof *floats); /* allocated one by one, as in Rust */

        demand(floats != NULL, "no memory");
        for (size_t k = 0; k < FEATURES; k++)
            floats[k] = (float)(i % 1000) + (float)k / 16.0f;
        entries[i] = (HashMap_u64_Vec_f32_entry){mixed(i + 1), {floats, FEATURES}};
    }
    table.features.data = entries;
    return &table;
}

static mms_str name_of(uint64_t i, char text[NAME_SIZE])
{
    static const char *const forms[] = {"n%" PRIx64, "host-%" PRIx64 ".example", "%" PRIx64 ".a.b.shop.example"};

    return (mms_str){text, (size_t)snprintf(text, NAME_SIZE, forms[i % 3], mixed(i + 1) & 0xffffff)};
}

static const void *make_directory(void)
{
    static Directory directory = {{NULL, ENTRIES}};
    HashMap_String_Entry_entry *entries = need(ENTRIES * sizeof *entries);
    char *texts = need(2 * ENTRIES * NAME_SIZE);

    for (size_t i = 0; i < ENTRIES; i++) {
        mms_str owner = name_of(i + ENTRIES, texts + (2 * i + 1) * NAME_SIZE);
        char *text = texts + 2 * i * NAME_SIZE;
        int size = snprintf(text, NAME_SIZE, "%s%zu%s", i % 3 ? "host-" : "", i, i % 3 ? ".example" : "");

        entries[i].key = (mms_str){text, (size_t)size};
        entries[i].value = (Entry){.number = (uint32_t)i, .owner = {i % 4 != 0, owner}};
    }
    directory.entries.data = entries;
    return &directory;
}

/* ---- Operations ---- */

struct subject {
    const void *(*make)(void);
    mms_archive *archive;
};

static void serialize(const struct subject *subject, struct run *run)
{
    const void *value = subject->make();
    size_t size, capacity;
    void *buffer;
    double start;

    demand(mms_archive_size(subject->archive, value, &capacity) == 0, "size");
    buffer = need(capacity);
    memset(buffer, 0, capacity);
    start = now();
    for (size_t i = 0; i < run->times; i++)
        demand(mms_archive_write(subject->archive, value, buffer, capacity, &size) == 0, "serialize");
    run->ns = now() - start;
    run->result = digest(buffer, size);
}

static const void *archive_of(const struct subject *subject, size_t *size)
{
    const void *value = subject->make();
    void *buffer;

    demand(mms_archive_size(subject->archive, value, size) == 0, "size");
    buffer = need(*size);
    demand(mms_archive_write(subject->archive, value, buffer, *size, size) == 0, "serialize");
    return buffer;
}

static void check(const struct subject *subject, struct run *run)
{
    size_t size;
    const void *data = archive_of(subject, &size), *root;
    double start = now();

    for (size_t i = 0; i < run->times; i++)
        demand(mms_archive_check(subject->archive, data, size, &root) == 0, "check");
    run->ns = now() - start;
    run->result = size;
}

static void find_number(const struct subject *subject, struct run *run)
{
    size_t size;
    const char *data = archive_of(subject, &size);
    const ArchivedFeatureTable *table = FeatureTable_root(data, size);
    double start = now();

    for (size_t i = 0; i < run->times; i++) {
        const ArchivedVec_f32 *floats = HashMap_u64_Vec_f32_get(&table->features, mixed(mixed(i) % (2 * ENTRIES)));

        run->result += floats ? (uint64_t)*Vec_f32_at(floats, 3) + 1 : 0;
    }
    run->ns = now() - start;
}

static void find_name(const struct subject *subject, struct run *run)
{
    size_t size;
    const char *data = archive_of(subject, &size);
    const ArchivedDirectory *directory = Directory_root(data, size);
    const Directory *value = subject->make();
    double start = now();

    for (size_t i = 0; i < run->times; i++) {
        mms_str key = value->entries.data[mixed(i) % ENTRIES].key;
        const ArchivedEntry *entry;

        key.size -= mixed(i) >> 63; /* half of them are missing or different */
        entry = HashMap_String_Entry_get(&directory->entries, key);
        run->result += entry ? entry->number + 1 : 0;
    }
    run->ns = now() - start;
}

/* ---- Reads, which have no counterpart: one region, one generation ---- */

static mms_reader *open_reader(char *path, mms_region **region, mms_writer **writer)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_reader *reader = NULL;

    options.max_size = 1 << 20; /* address space is short under valgrind */
    snprintf(path, 64, "/dev/shm/mmsync-pairs-%d", (int)getpid());
    demand(mms_writer_open(path, &options, writer) == 0, "open");
    demand(HelloWorld_write(*writer, make_hello(), NULL) == 0, "write");
    demand(mms_region_open(path, NULL, region) == 0 && mms_reader_open(*region, &reader) == 0, "open");
    return reader;
}

static uint64_t read_plain(mms_reader *reader, mms_view *view)
{
    demand(mms_read(reader, view) == 0, "read");
    return ((const ArchivedHelloWorld *)HelloWorld_root(view->data, view->size))->version;
}

static uint64_t read_checked(mms_reader *reader, mms_view *view)
{
    const ArchivedHelloWorld *hello = HelloWorld_read(reader, view);

    demand(hello != NULL, "read");
    return hello->version;
}

static uint64_t read_unchecked(mms_reader *reader, mms_view *view)
{
    const ArchivedHelloWorld *hello = HelloWorld_read_unchecked(reader, view);

    demand(hello != NULL, "read");
    return hello->version;
}

#define READS(which)                                                                                              \
    static void reads_##which(const struct subject *subject, struct run *run)                                     \
    {                                                                                                             \
        mms_region *region = NULL;                                                                                \
        mms_writer *writer = NULL;                                                                                \
        char path[64];                                                                                            \
        mms_reader *reader = open_reader(path, &region, &writer);                                                 \
        double start = now();                                                                                     \
                                                                                                                  \
        (void)subject;                                                                                            \
        for (size_t i = 0; i < run->times; i++) {                                                                 \
            mms_view view;                                                                                        \
                                                                                                                  \
            run->result += read_##which(reader, &view);                                                           \
            demand(mms_release(reader) == 0, "release");                                                          \
        }                                                                                                         \
        run->ns = now() - start;                                                                                  \
        demand(mms_reader_close(reader) == 0 && mms_region_close(region) == 0 && mms_writer_close(writer) == 0 && \
                   mms_remove(path) == 0,                                                                         \
               "close");                                                                                          \
    }

READS(plain)
READS(checked)
READS(unchecked)

/* ---- Cases ---- */

static const struct subject hello = {make_hello, &HelloWorld_archive}, table = {make_table, &FeatureTable_archive},
                            directory = {make_directory, &Directory_archive};

static const struct {
    const char *name;
    void (*run)(const struct subject *subject, struct run *run);
    const struct subject *subject;
} cases[] = {
    {"hello-serialize", serialize, &hello},      {"hello-check", check, &hello},
    {"table-serialize", serialize, &table},      {"table-check", check, &table},
    {"table-find", find_number, &table},         {"directory-serialize", serialize, &directory},
    {"directory-check", check, &directory},      {"directory-find", find_name, &directory},
    {"read-plain", reads_plain, &hello},         {"read-checked", reads_checked, &hello},
    {"read-unchecked", reads_unchecked, &hello},
};

int main(int argc, char **argv)
{
    struct run run = {.times = argc == 3 ? strtoull(argv[2], NULL, 10) : 0};

    for (size_t i = 0; i < sizeof cases / sizeof *cases && run.times > 0; i++)
        if (strcmp(cases[i].name, argv[1]) == 0) {
            cases[i].run(cases[i].subject, &run);
            printf("%.3f %" PRIu64 "\n", run.ns / (double)run.times, run.result);
            return 0;
        }
    fprintf(stderr, "usage: pairs CASE TIMES\n");
    return 2;
}
