/* SPDX-License-Identifier: Apache-2.0 */
#include "jolt.h"
#include <stdio.h>
#include <string.h>

void jolt_count(struct jolt_histogram *histogram, uint64_t value)
{
    unsigned bucket = value ? 64 - (unsigned)__builtin_clzll(value) : 0;

    histogram->count[bucket < JOLT_BUCKETS ? bucket : JOLT_BUCKETS - 1]++;
    if (value > histogram->max)
        histogram->max = value;
}

static void add_histogram(struct jolt_histogram *sum, const struct jolt_histogram *other)
{
    for (int i = 0; i < JOLT_BUCKETS; i++)
        sum->count[i] += other->count[i];
    if (other->max > sum->max)
        sum->max = other->max;
}

static void add(struct jolt_reader *sum, const struct jolt_reader *reader)
{
    sum->reads += reader->reads;
    sum->refreshes += reader->refreshes;
    sum->copies += reader->copies;
    sum->waits += reader->waits;
    sum->copy_agains += reader->copy_agains;
    sum->wait_timeouts += reader->wait_timeouts;
    sum->evicted += reader->evicted;
    sum->evicted_torn += reader->evicted_torn;
    sum->torn += reader->torn;
    sum->backward += reader->backward;
    sum->stale += reader->stale;
    sum->errors += reader->errors;
    add_histogram(&sum->age_at_read, &reader->age_at_read);
    add_histogram(&sum->age_at_release, &reader->age_at_release);
    if (!*sum->first_error)
        memcpy(sum->first_error, reader->first_error, sizeof sum->first_error);
}

struct jolt_reader jolt_sum(const struct jolt_run *run)
{
    struct jolt_reader sum = {0};

    for (unsigned i = 0; i < run->config.readers; i++)
        add(&sum, &run->board->readers[i]);
    return sum;
}

uint64_t jolt_failures(const struct jolt_reader *sum)
{
    return sum->torn + sum->backward + sum->stale + sum->errors;
}

#define N(value) ((unsigned long long)(value))

static void print_histogram(const char *name, const struct jolt_histogram *histogram)
{
    printf("%-16s", name);
    for (int i = 0; i < JOLT_BUCKETS; i++)
        if (histogram->count[i])
            printf(" %s%llu: %llu ", i < 2 ? "" : ">=", i < 2 ? N(i) : N(1) << (i - 1), N(histogram->count[i]));
    printf(" (max %llu)\n", N(histogram->max));
}

static void print_driver(const struct jolt_run *run)
{
    static const char *const fences[] = {"auto", "symmetric", "asymmetric", "mixed"};
    const struct jolt_config *config = &run->config;

    printf("%.1f seconds, %u readers, jolts up to %u us, sizes %zu to %zu, fences %s, max_slots %u (0: default)%s%s, "
           "seed %llu\n",
           run->seconds, config->readers, config->jolt_us, config->smallest, config->largest, fences[config->fence],
           config->max_slots, config->evict ? ", eviction" : "", config->kill ? ", kills" : "", N(config->seed));
    printf("driver           jolts %llu, readers killed %llu, writers killed %llu, writers changed %llu\n",
           N(run->jolts), N(run->readers_killed), N(run->writers_killed), N(run->writers_ended));
}

void jolt_report(const struct jolt_run *run)
{
    const struct jolt_writer *writer = &run->board->writer;
    struct jolt_reader sum = jolt_sum(run);

    print_driver(run);
    printf(
        "writer           published %llu (%.1f GB), aborted %llu, grown %llu, reclaimed slots %llu, MMS_E_AGAIN %llu, "
        "evicted slots %llu, longest wait %.3f ms, errors %llu\n",
        N(writer->writes), (double)writer->bytes / 1e9, N(writer->aborts), N(writer->grown), N(writer->reclaimed),
        N(writer->agains), N(writer->evicted), (double)writer->longest_wait_ns / 1e6, N(writer->errors));
    printf("readers          reads %llu, refreshes %llu, copies %llu (given up %llu), waits %llu (timed out %llu), "
           "evicted views %llu (of them damaged %llu)\n",
           N(sum.reads), N(sum.refreshes), N(sum.copies), N(sum.copy_agains), N(sum.waits), N(sum.wait_timeouts),
           N(sum.evicted), N(sum.evicted_torn));
    print_histogram("age at read", &sum.age_at_read);
    print_histogram("age at release", &sum.age_at_release);
    if (run->writers_killed)
        print_histogram("recovery in us", &writer->recovery_us);
    printf("findings         torn %llu, stale %llu, backward %llu, errors %llu\n", N(sum.torn), N(sum.stale),
           N(sum.backward), N(sum.errors));
    if (*sum.first_error)
        printf("first finding    %s\n", sum.first_error);
    if (*writer->first_error)
        printf("writer's error   %s\n", writer->first_error);
    if (*run->first_error)
        printf("driver's error   %s\n", run->first_error);
}
