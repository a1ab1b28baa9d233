/* SPDX-License-Identifier: Apache-2.0 */
/* What the hardware allows: POINTER, a load through a pointer, in a function that is called
   through another; else memcpy. Nothing is shared and nothing is protected. */
#include "parts.h"

static unsigned char *values;
static size_t value_size;

static const char *version(void)
{
#ifdef POINTER
    return "-";
#else
    return "libc";
#endif
}

static int create(const struct bench_place *place)
{
    value_size = place->max_size;
    values = aligned_alloc(4096, (value_size + 4095) / 4096 * 4096);
    return values ? 0 : common_fail("no memory for %zu bytes", value_size);
}

static void destroy(void)
{
    free(values);
}

static int publish(const void *data, size_t size)
{
    memcpy(values, data, size);
    __asm__ volatile("" : : "r"(values) : "memory");
    return 0;
}

static void *reader_open(const struct bench_place *place)
{
    return malloc(place->max_size);
}

static void reader_close(void *reader)
{
    free(reader);
}

#ifdef POINTER
static __attribute__((noinline)) uint32_t load(const unsigned char *value)
{
    return *(const volatile uint32_t *)(const volatile void *)value;
}

static uint64_t read_times(void *reader, size_t times)
{
    uint32_t (*call)(const unsigned char *) = load;
    const unsigned char *at = values + value_size - BENCH_VERSION_AT;
    uint64_t sum = 0;

    (void)reader;
    __asm__ volatile("" : "+r"(call)); /* hides from the compiler what is called */
    for (size_t i = 0; i < times; i++)
        sum += call(at);
    return sum;
}
#else
static uint64_t read_times(void *reader, size_t times)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < times; i++) {
        memcpy(reader, values, value_size);
        __asm__ volatile("" : : "r"(reader) : "memory");
        sum += common_version_of(reader, value_size);
    }
    return sum;
}
#endif

#ifndef POINTER
static int build_records(size_t count)
{
    for (size_t i = 0; i < count; i++)
        parts_fill_record(values + i * BENCH_RECORD_SIZE, i, 0);
    return 0;
}

static int change_records(const struct bench_change *change)
{
    for (size_t i = 0; i < change->count; i++)
        for (size_t at = change->places[i]; at < change->places[i] + change->length; at++)
            parts_fill_record(values + at * BENCH_RECORD_SIZE, at, change->stamp);
    return 0;
}

static uint64_t found_records(void *reader, const struct bench_change *change)
{
    uint64_t found = 0;

    (void)reader;
    for (size_t i = 0; i < change->count; i++)
        for (size_t at = change->places[i]; at < change->places[i] + change->length; at++)
            found += parts_is_record(values + at * BENCH_RECORD_SIZE, at, change->stamp);
    return found;
}
#endif

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static const struct bench_contestant contestant = {
        .abi = BENCH_ABI,
        .flags = BENCH_IN_PROCESS | BENCH_BOUND,
#ifdef POINTER
        .name = "pointer",
#else
        .name = "memcpy",
        .records = {build_records, change_records, found_records},
#endif
        .version = version,
        .detail = common_detail,
        .create = create,
        .destroy = destroy,
        .write = publish,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .read = read_times,
    };

    return &contestant;
}
