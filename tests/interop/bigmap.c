/* SPDX-License-Identifier: Apache-2.0 */
/* The C side of the scale test; src/bigmap.rs is the other and says what the map holds. scale.sh runs both. */
#include "table.h"
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum { LONGEST = 8 };

/* Processor time: a busy machine must not decide who is faster. */
static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void *need(void *memory)
{
    if (!memory) {
        perror("bigmap");
        exit(1);
    }
    return memory;
}

static void demand(int status)
{
    if (status != 0) {
        fprintf(stderr, "bigmap: %s\n", mms_last_error());
        exit(1);
    }
}

/* Vectors are separate allocations, as the crate's are. */
static HashMap_u64_Vec_f32_entry *make_entries(size_t count, size_t floats)
{
    HashMap_u64_Vec_f32_entry *entries = need(calloc(count + 1, sizeof *entries));
    uint64_t state = 0;

    for (size_t i = 0; i < count; i++) {
        size_t length = floats > 0 ? floats : i % LONGEST + 1;
        float *items = need(malloc(length * sizeof *items));

        for (size_t j = 0; j < length; j++)
            items[j] = (float)(i + j);
        entries[i] = (HashMap_u64_Vec_f32_entry){splitmix(&state), {items, length}};
    }
    return entries;
}

static uint64_t digest(const unsigned char *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

static size_t look_up_all(const ArchivedHashMap_u64_Vec_f32 *map, size_t count)
{
    uint64_t state = 0;
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        const ArchivedVec_f32 *items = HashMap_u64_Vec_f32_get(map, splitmix(&state));

        found += items && *Vec_f32_at(items, 0) == (float)i;
    }
    return found;
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000, size, room;
    Table table = {{make_entries(count, argc > 2 ? strtoull(argv[2], NULL, 10) : 0), count}};
    const ArchivedTable *root;
    void *buffer;
    double times[4], lookup;
    size_t found;

    times[0] = now();
    demand(Table_size(&table, &room));
    buffer = need(aligned_alloc(64, (room + 63) / 64 * 64));
    demand(Table_serialize(&table, buffer, room, &size));
    times[1] = now();
    root = Table_check(buffer, size);
    demand(root ? 0 : -1);
    times[2] = now();
    found = look_up_all(&root->map, count);
    times[3] = now();
    lookup = count ? (times[3] - times[2]) * 1e9 / (double)count : 0;
    printf("c    keys %zu bytes %zu fnv1a64 %016" PRIx64
           " build_seconds %.2f check_seconds %.2f lookup_nanoseconds %.1f "
           "found %zu\n",
           count, size, digest(buffer, size), times[1] - times[0], times[2] - times[1], lookup, found);
    return found == count ? 0 : 1;
}
