/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/recovery.h"
#include "cli/stat.h"
#include "cli/verdict.h"
#include <inttypes.h>
#include <mmsync/mmap_sync.h>
#include <stdbool.h>
#include <stdio.h>

static const struct verb verb = {
    .name = "check",
    .synopsis = "REGION [OPTION]...",
    .help = "Check that REGION has a value, and whatever else you ask for; exit status 1 if not, with\n"
            "a line on standard error for each reason. For probes: takes microseconds, changes\n"
            "nothing, and opens nothing for writing. 'mmsync verify' checks the bytes.\n"
            "\n"
            "      --max-age TIME      the value was published at most TIME ago: 500ms, 30s, 5m, 12h\n"
            "      --min-generation N  its generation is at least N\n"
            "      --max-size SIZE     it has at most SIZE bytes (4096, 64K, 1.5G)\n"
            "      --max-readers N     at most N readers are alive\n"
            "      --min-readers N     at least N readers are alive\n"
            "  -w, --writer            a writer has the region open\n"
            "  -q, --quiet             print nothing if all is well\n"
            "  -j, --json              print a JSON object in any case, with the reasons of a failure in\n"
            "                          `reasons`\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { MAX_AGE = LONG_ONLY, MIN_GENERATION, MAX_SIZE, MAX_READERS, MIN_READERS, FORMAT };

static const struct option long_options[] = {
    {"max-age", required_argument, NULL, MAX_AGE},
    {"min-generation", required_argument, NULL, MIN_GENERATION},
    {"max-size", required_argument, NULL, MAX_SIZE},
    {"max-readers", required_argument, NULL, MAX_READERS},
    {"min-readers", required_argument, NULL, MIN_READERS},
    {"writer", no_argument, NULL, 'w'},
    {"quiet", no_argument, NULL, 'q'},
    {"json", no_argument, NULL, 'j'},
    {"format", required_argument, NULL, FORMAT},
    COMMON_OPTIONS,
};

struct wanted {
    uint64_t max_age_ns; /* UINT64_MAX: any */
    uint64_t min_generation, max_size;
    uint64_t min_readers, max_readers;
    bool writer;
};

/* Each of these returns an exit status, and says what is not as wanted. */
static int check_age(struct verdict *verdict, const mms_info *info, uint64_t most_ns)
{
    char age[TEXT_SIZE], most[TEXT_SIZE];
    uint64_t ahead_ns;

    if (most_ns == UINT64_MAX)
        return EXIT_OK;
    if (!info->publish_time_ns)
        return verdict_add(verdict, "%s: it is not known when the value was published; leave out --max-age",
                           verdict->path);
    ahead_ns = stat_ahead_ns(info);
    if (ahead_ns > most_ns)
        return verdict_add(verdict,
                           "%s: the value was published %s from now, by a clock that has been set back since, so its "
                           "age is not known",
                           verdict->path, format_duration(age, ahead_ns));
    if (stat_age_ns(info) <= most_ns)
        return EXIT_OK;
    return verdict_add(verdict, "%s: the value is %s old, more than --max-age %s", verdict->path,
                       format_duration(age, stat_age_ns(info)), format_duration(most, most_ns));
}

static int check_value(struct verdict *verdict, const mms_info *info, const struct wanted *wanted)
{
    int status = EXIT_OK;

    if (recovery_is_due(info))
        return verdict_add(verdict, RECOVERY_ADVICE, verdict->path);
    if (!info->generation)
        return verdict_add(verdict, "%s has no value yet", verdict->path);
    if (info->generation < wanted->min_generation)
        status = verdict_add(verdict, "%s: the generation is %" PRIu64 ", less than --min-generation %" PRIu64,
                             verdict->path, info->generation, wanted->min_generation);
    if (info->size > wanted->max_size)
        status = verdict_add(verdict, "%s: the value has %" PRIu64 " bytes, more than --max-size %" PRIu64,
                             verdict->path, info->size, wanted->max_size);
    return check_age(verdict, info, wanted->max_age_ns) ? EXIT_FAILED : status;
}

static int check_readers(struct verdict *verdict, const mms_info *info, const struct wanted *wanted)
{
    if (info->readers > wanted->max_readers)
        return verdict_add(verdict, "%s: %u readers are alive, more than --max-readers %" PRIu64, verdict->path,
                           info->readers, wanted->max_readers);
    if (info->readers < wanted->min_readers)
        return verdict_add(verdict, "%s: %u readers are alive, fewer than --min-readers %" PRIu64, verdict->path,
                           info->readers, wanted->min_readers);
    return EXIT_OK;
}

static int check_writer(struct verdict *verdict, const mms_info *info)
{
    if (info->writer_alive > 0)
        return EXIT_OK;
    if (info->writer_alive < 0)
        return verdict_add(
            verdict, "%s: whether it has a writer is not known: `lock` cannot be opened, or its locks are refused",
            verdict->path);
    return verdict_add(verdict, "%s has no writer", verdict->path);
}

static void print_success(const char *path, const mms_info *info)
{
    char age[TEXT_SIZE];

    print_escaped(path);
    printf(": ok; generation %" PRIu64 ", %" PRIu64 " bytes", info->generation, info->size);
    if (info->publish_time_ns)
        printf(", %s old", format_duration(age, stat_age_ns(info)));
    printf(", %u reader%s\n", info->readers, info->readers == 1 ? "" : "s");
}

static int check(const char *path, const struct wanted *wanted, bool quiet, bool json)
{
    struct verdict verdict;
    mms_info info;
    int code = mms_inspect(path, &info), status;

    verdict_begin(&verdict, path, json);
    if (code)
        return verdict_end(&verdict, NULL, verdict_add(&verdict, "%s", last_error()));
    status = check_value(&verdict, &info, wanted);
    if (check_readers(&verdict, &info, wanted))
        status = EXIT_FAILED;
    if (wanted->writer && check_writer(&verdict, &info))
        status = EXIT_FAILED;
    if (!status && !quiet && !json)
        print_success(path, &info);
    return verdict_end(&verdict, &info, status);
}

int cmd_check(int argc, char **argv)
{
    struct wanted wanted = {.max_age_ns = UINT64_MAX, .max_size = UINT64_MAX, .max_readers = UINT64_MAX};
    enum format format = FORMAT_AUTO;
    bool quiet = false, json = false;
    int option;

    while ((option = next_option(&verb, argc, argv, "wqj", long_options)) >= 0) {
        switch (option) {
        case MAX_AGE: wanted.max_age_ns = parse_duration(&verb, "--max-age", optarg); break;
        case MIN_GENERATION:
            wanted.min_generation = parse_number(&verb, "--min-generation", optarg, 0, UINT64_MAX);
            break;
        case MAX_SIZE: wanted.max_size = parse_size(&verb, "--max-size", optarg); break;
        case MAX_READERS: wanted.max_readers = parse_number(&verb, "--max-readers", optarg, 0, UINT32_MAX); break;
        case MIN_READERS: wanted.min_readers = parse_number(&verb, "--min-readers", optarg, 0, UINT32_MAX); break;
        case 'w': wanted.writer = true; break;
        case 'q': quiet = true; break;
        case 'j': json = true; break;
        case FORMAT: format = parse_format(&verb, "--format", optarg); break;
        }
    }
    count_operands(&verb, argc, argv, 1, 1);
    return check(path_in_format(&verb, format, argv[optind]), &wanted, quiet, json);
}
