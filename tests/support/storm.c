/* SPDX-License-Identifier: Apache-2.0 */
#include "storm.h"
#include "sample.h"
#include "scratch.h"
#include "storm_state.h"
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS = 500, MAX_SIZE = 4 << 20 };

struct storm storm;
struct storm_counts storm_done;
char storm_schema[SCHEMA_SIZE];
const uint64_t storm_type[2] = {1, 2};

static mms_writer_options any_options(const struct storm_kind *kind)
{
    mms_writer_options options = sample_options();

    options.max_size = MAX_SIZE;
    options.max_readers = 2 * READERS;
    options.durable = kind->durable;
    options.max_slots = (kind->durable ? 5u : 3u) + (uint32_t)below(8);
    options.keep = one_in(3) ? 0 : (uint8_t)below(5);
    options.on_grace = one_in(2) ? MMS_EVICT : MMS_REFUSE;
    options.check_touch = one_in(3);
    options.fence = one_in(3) ? MMS_FENCE_SYMMETRIC : options.fence;
    return options;
}

static void begin_storm(const struct storm_kind *kind, const char *path, uint64_t seed)
{
    mms_region_options evictable = MMS_REGION_OPTIONS_INIT;

    memset(&storm, 0, sizeof storm);
    storm.kind = kind;
    storm.path = path;
    storm.seed = seed;
    storm.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    storm.options = any_options(kind);
    storm.writer = sample_writer_with(path, storm.options);
    storm.region = sample_region(path);
    storm.look = sample_reader(storm.region);
    evictable.allow_evict = true;
    check_ok(mms_region_open(path, &evictable, &storm.evictable));
    for (int i = 0; i < READERS; i++) {
        storm.holders[i].evictable = i % 2 == 0;
        storm.holders[i].reader = sample_reader(i % 2 == 0 ? storm.evictable : storm.region);
    }
}

static void end_storm(void)
{
    storm.operation = 0;
    for (int i = 0; i < READERS; i++)
        check_ok(mms_reader_close(storm.holders[i].reader));
    check_ok(mms_reader_close(storm.look));
    check_ok(mms_region_close(storm.evictable));
    check_ok(mms_region_close(storm.region));
    check_ok(mms_writer_close(storm.writer));
    check_ok(mms_verify(storm.path, NULL, NULL));
    scratch_delete(storm.path);
}

static void run_one(const struct storm_kind *kind, const char *path, uint64_t seed)
{
    begin_storm(kind, path, seed);
    while (storm.operation < OPERATIONS) {
        storm.operation++;
        storm_do_anything();
        storm_check();
    }
    end_storm();
}

void storm_run(void **state, const struct storm_kind *kind)
{
    const char *path = scratch_path(state, "region"), *seed = getenv("MMSYNC_SEED"),
               *given = getenv("MMSYNC_TEST_STORMS");
    const long storms = given ? strtol(given, NULL, 0) : check_rounds(kind->storms);

    memset(storm_schema, 'S', sizeof storm_schema);
    memset(&storm_done, 0, sizeof storm_done);
    if (seed) {
        run_one(kind, path, strtoull(seed, NULL, 0));
        return;
    }
    for (long i = 1; i <= storms; i++)
        run_one(kind, path, (uint64_t)i);
    check_true(storm_done.commits > 0 && storm_done.aborts > 0 && storm_done.rollbacks > 0 && storm_done.refusals > 0);
    check_true(!kind->durable || storm_done.starved > 0);
}

int storm_remove(void **state)
{
    storm_feed();
    if (storm.operation > 0)
        print_message("a storm of %s failed at operation %u: MMSYNC_SEED=%llu\n", storm.kind->name, storm.operation,
                      (unsigned long long)storm.seed);
    storm.operation = 0;
    return scratch_remove(state);
}
