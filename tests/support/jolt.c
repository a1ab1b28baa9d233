/* SPDX-License-Identifier: Apache-2.0 */
#include "jolt.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct jolt_config jolt_defaults(void)
{
    return (struct jolt_config){.seconds = 10, .readers = 4, .jolt_us = 60, .smallest = 1, .largest = 4 << 20};
}

/* So that readers find something from the start. */
static int create_region(struct jolt_run *run)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    mms_receipt receipt;
    void *buffer;
    int code;

    options.max_size = run->config.largest;
    options.max_slots = run->config.max_slots;
    options.max_readers = JOLT_READERS_MAX;
    code = mms_writer_open(run->region, &options, &writer);
    if (code != 0)
        return code;
    code = mms_write_begin(writer, 0, &buffer, &receipt);
    if (code == 0)
        code = mms_write_commit(writer, 0, NULL);
    mms_writer_close(writer);
    return code;
}

static bool complain(const char *what)
{
    printf("afterwards       %s: %s\n", what, mms_last_error());
    return false;
}

/* When all readers are gone every slot must be free again: writes that do not wait succeed again
   and again. */
static bool all_slots_came_back(const struct jolt_run *run)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    bool good = true;

    options.grace_ms = MMS_NO_WAIT;
    if (mms_writer_open(run->region, &options, &writer) != 0)
        return complain("a writer cannot open the region");
    for (int i = 0; good && i < 1000; i++)
        if (mms_write(writer, "after", 5, NULL) != 0)
            good = complain("slots have not come back");
    mms_writer_close(writer);
    return good;
}

static void print_finding(void *context, const char *finding)
{
    (void)context;
    printf("verify           %s\n", finding);
}

static bool is_sound(const struct jolt_run *run)
{
    mms_info info;
    bool good = all_slots_came_back(run);

    if (mms_inspect(run->region, &info) != 0)
        return complain("inspecting");
    printf("afterwards       generation %llu, slots used %u of %u, readers %u, dead %u, memory %.1f MB\n",
           (unsigned long long)info.generation, info.slots_used, info.max_slots, info.readers, info.readers_dead,
           (double)info.bytes_used / 1e6);
    if (info.readers + info.readers_dead != 0 || info.writer_alive != 0 || info.generation < run->board->published)
        good = false;
    if (mms_verify(run->region, print_finding, NULL) != 0)
        good = complain("verifying");
    return good;
}

static bool prepare(struct jolt_run *run, char *directory, size_t size)
{
    const char *parent = run->config.directory ? run->config.directory : "/dev/shm";

    snprintf(directory, size, "%s/%s-jolt-XXXXXX", parent, scratch_name());
    if (!mkdtemp(directory)) {
        printf("making a directory in %s: %s\n", parent, strerror(errno));
        return false;
    }
    snprintf(run->region, sizeof run->region, "%s/region", directory);
    run->board = mmap(NULL, sizeof *run->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run->board == MAP_FAILED) {
        printf("no memory: %s\n", strerror(errno));
        return false;
    }
    if (create_region(run) != 0) {
        printf("%s\n", mms_last_error());
        return false;
    }
    return true;
}

int jolt_test(const struct jolt_config *config)
{
    struct jolt_run run = {.config = *config, .read = jolt_read_mmsync, .write = jolt_write_mmsync};
    char directory[200];
    bool good;
    struct jolt_reader sum;

    if (run.config.seed == 0)
        run.config.seed = jolt_now_ns();
    run.random = run.config.seed;
    if (!prepare(&run, directory, sizeof directory))
        return 1;
    good = jolt_drive(&run);
    jolt_report(&run);
    good &= is_sound(&run);
    sum = jolt_sum(&run);
    good &= jolt_failures(&sum) == 0 && run.board->writer.errors == 0 && run.board->writer.writes > 0 && sum.reads > 0;
    if (mms_remove(run.region) != 0 || rmdir(directory) != 0)
        good = complain("removing");
    printf("%s\n", good ? "sound" : "FAILED");
    return good ? 0 : 1;
}
