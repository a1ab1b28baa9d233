/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/bench/gauge.h"
#include "cli/bench/peer.h"
#include "cli/bench/results.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct verb verb = {
    .name = "bench",
    .synopsis = "[OPTION]...",
    .help = "Measure mmsync on this machine: medians over several rounds, each of which takes\n"
            "every figure in turn. Uses a region of its own and about 400 MiB of memory, and\n"
            "leaves nothing behind.\n"
            "\n"
            "  -s, --seconds S         how long to measure, roughly (5)\n"
            "  -r, --rounds N          how many rounds (9)\n"
            "  -d, --directory DIR     where to make the region (/dev/shm)\n"
            "  -j, --json              print a JSON object\n",
};

static const struct option long_options[] = {
    {"seconds", required_argument, NULL, 's'},
    {"rounds", required_argument, NULL, 'r'},
    {"directory", required_argument, NULL, 'd'},
    {"json", no_argument, NULL, 'j'},
    COMMON_OPTIONS,
};

/* `large` gauges are left out where there is no room for them. */
static const struct {
    struct result_name name;
    gauge *measure;
    bool large;
} gauges[RESULTS] = {
    [POINTER] = {{"pointer_call", "a call through a pointer that loads a word", "ns"}, gauge_pointer, false},
    [READ_INLINE] = {{"read_inline", "mms_read + mms_release, inline", "ns"}, gauge_read_inline, false},
    [READ_CROWDED] = {{"read_crowded", "  with 1,000 attached readers", "ns"}, gauge_read_crowded, false},
    [READ_EXPORTED] = {{"read_exported", "mms_read + mms_release, exported functions", "ns"},
                       gauge_read_exported,
                       false},
    [REFRESH] = {{"refresh_unchanged", "mms_refresh, nothing new", "ns"}, gauge_refresh, false},
    [FIRST_READ] = {{"first_read", "first mms_read after a publish", "ns"}, gauge_first_read, false},
    [WRITE_ALONE] = {{"write_36", "mms_write of 36 bytes, no reader", "ns"}, gauge_write_alone, false},
    [WRITE_IDLE] = {{"write_36_idle_reader", "  with an idle reader", "ns"}, gauge_write_idle_reader, false},
    [WRITE_CROWDED] = {{"write_36_crowded", "  with 1,000 attached readers", "ns"}, gauge_write_crowded, false},
    [WRITE_SPINNING] = {{"write_36_spinning_reader", "  while a reader spins", "ns"},
                        gauge_write_spinning_reader,
                        false},
    [COMMIT_1K] = {{"commit_1k", "mms_write_commit of 1 KiB", "ns"}, gauge_commit_1k, true},
    [COMMIT_1M] = {{"commit_1m", "mms_write_commit of 1 MiB", "ns"}, gauge_commit_1m, true},
    [COMMIT_64M] = {{"commit_64m", "mms_write_commit of 64 MiB", "ns"}, gauge_commit_64m, true},
    [COPY_64M] = {{"copy_64m", "mms_write of 64 MiB", "GiB/s"}, gauge_copy_large, true},
    [MEMCPY_64M] = {{"memcpy_64m", "memcpy of 64 MiB", "GiB/s"}, gauge_memcpy_large, true},
    [UPDATE_64M] = {{"update_64m", "mms_write_update of 64 MiB, 100 places", "ns"}, gauge_update_large, true},
    [FAULTS_64M] = {{"faults_64m", "a new reader walks 64 MiB", "faults"}, gauge_faults, true},
    [FAULTS_64M_SMALL] = {{"faults_64m_small", "  without huge pages", "faults"}, gauge_faults_small, true},
    [LOADS_64M] = {{"load_64m", "a load anywhere in 64 MiB", "ns"}, gauge_loads, true},
    [LOADS_64M_SMALL] = {{"load_64m_small", "  without huge pages", "ns"}, gauge_loads_small, true},
    [WAKE] = {{"wake", "from a publish to a waiter that runs", "ns"}, gauge_wake, false},
};

struct plan {
    const char *directory;
    double seconds;
    unsigned rounds;
    bool json;
};

static double clock_cost(void)
{
    double ns[1001];

    for (int i = 0; i < 1001; i++) {
        uint64_t from = monotonic_ns();

        ns[i] = (double)(monotonic_ns() - from);
    }
    return median(ns, 1001);
}

static bool is_want_of_room(int code)
{
    return code == -ENOSPC || code == -ENOMEM || code == -EFBIG || code == -EDQUOT;
}

static int report_failure(const struct bench *bench, enum result_index index, int code)
{
    const char *detail = peer_detail(bench->peer);

    if (!*detail)
        detail = code == -ENOMEM ? "out of memory" : last_error();
    return fail("bench: %s: %s", gauges[index].name.key, detail);
}

static void set_figure(struct result *result, unsigned round, double figure)
{
    result->figures[round] = strcmp(result->name.unit, "GiB/s") ? figure : figure / (1 << 30);
    result->count = round + 1;
}

static int run_round(struct bench *bench, unsigned round, struct result results[RESULTS])
{
    for (int i = 0; i < RESULTS && !interrupted(); i++) {
        double figure = 0;
        int code = results[i].skipped ? 0 : gauges[i].measure(bench, &figure);

        if (code && gauges[i].large && is_want_of_room(code))
            results[i].skipped = true;
        else if (code && !interrupted())
            return report_failure(bench, (enum result_index)i, code);
        if (!code && !results[i].skipped)
            set_figure(&results[i], round, figure);
    }
    return interrupted() ? EXIT_FAILED : EXIT_OK;
}

static int run_rounds(struct bench *bench, const struct plan *plan)
{
    struct results all = {.rounds = plan->rounds, .seconds = plan->seconds};
    mms_info info;
    int status = EXIT_OK;

    for (int i = 0; i < RESULTS; i++)
        all.results[i].name = gauges[i].name;
    bench->clock_ns = clock_cost();
    bench->slice_ns = (uint64_t)(plan->seconds * 1e9 / plan->rounds / RESULTS);
    for (unsigned round = 0; round < plan->rounds && !status; round++)
        status = run_round(bench, round, all.results);
    if (status)
        return status;
    all.symmetric = !mms_inspect(bench->small, &info) && info.symmetric;
    return plan->json ? results_print_json(&all) : results_print_table(&all);
}

/* A region with a value, its writer, and a reader in another process, which is forked first,
   while nothing is open. */
static int with_small_region(struct bench *bench, const struct plan *plan)
{
    static const char value[SMALL_VALUE];
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    int code, status;

    bench->peer = peer_start(bench->small);
    if (!bench->peer)
        return fail_errno("cannot start a second process");
    options.max_size = 1 << 16;
    code = mms_writer_open(bench->small, &options, &bench->small_writer);
    if (!code)
        code = mms_write(bench->small_writer, value, sizeof value, NULL);
    status = code ? fail_call(code) : run_rounds(bench, plan);
    peer_stop(bench->peer);
    mms_writer_close(bench->large_writer);
    mms_writer_close(bench->small_writer);
    mms_remove(bench->large);
    mms_remove(bench->small);
    free(bench->source);
    free(bench->target);
    return status;
}

/* In a directory of its own. */
static int run_bench(const struct plan *plan)
{
    struct bench bench = {0};
    char *directory;
    int status;

    if (asprintf(&directory, "%s/mmsync-bench-XXXXXX", plan->directory) < 0)
        return fail_errno("bench");
    interrupt_catch();
    if (!mkdtemp(directory)) {
        status = fail_errno("cannot make a directory in %s", plan->directory);
        free(directory);
        return status;
    }
    if (asprintf(&bench.small, "%s/small", directory) < 0 || asprintf(&bench.large, "%s/large", directory) < 0)
        status = fail_errno("bench");
    else
        status = with_small_region(&bench, plan);
    if (rmdir(directory) && !status)
        status = fail_errno("cannot remove %s", directory);
    free(bench.small);
    free(bench.large);
    free(directory);
    return interrupt_finish(status);
}

static double parse_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= 0.1 && seconds <= 86400))
        usage_error(&verb, "--seconds: '%s' is not a number from 0.1 to 86400", text);
    return seconds;
}

int cmd_bench(int argc, char **argv)
{
    struct plan plan = {.directory = "/dev/shm", .seconds = 5, .rounds = 9};
    int option;

    while ((option = next_option(&verb, argc, argv, "s:r:d:j", long_options)) >= 0) {
        switch (option) {
        case 's': plan.seconds = parse_seconds(optarg); break;
        case 'r': plan.rounds = (unsigned)parse_number(&verb, "--rounds", optarg, 1, ROUNDS_MOST); break;
        case 'd': plan.directory = optarg; break;
        case 'j': plan.json = true; break;
        }
    }
    count_operands(&verb, argc, argv, 0, 0);
    return run_bench(&plan);
}
