/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/now.h"
#include <errno.h>
#include <inttypes.h>
#include <mmsync.h>
#include <stdbool.h>
#include <stdio.h>

static const struct verb verb = {
    .name = "watch",
    .synopsis = "REGION [OPTION]...",
    .help = "Print one line for the current value of REGION, if there is one, and then one for\n"
            "each new one: generation=N size=BYTES time=WHEN-PUBLISHED. Generations that are\n"
            "replaced before this looks are left out. Ends with status 1 when the region is\n"
            "removed.\n"
            "\n"
            "  -n, --count N           end after N lines\n"
            "  -t, --timeout MS        end with status 1 when nothing new came for that long\n"
            "      --interval MS       how often to look where waiting takes the right to write\n"
            "                          the reader table, and it is missing (100)\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { INTERVAL = LONG_ONLY, FORCE_FILESYSTEM, TRUST, FORMAT };

static const struct option long_options[] = {
    {"count", required_argument, NULL, 'n'},
    {"timeout", required_argument, NULL, 't'},
    {"interval", required_argument, NULL, INTERVAL},
    {"force-filesystem", no_argument, NULL, FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, TRUST},
    {"format", required_argument, NULL, FORMAT},
    COMMON_OPTIONS,
};

/* How often to see, without a reader, whether the name of the region still leads to it: `rm -r` tells nobody. */
enum { LOOK_MS = 1000 };

struct watch {
    const char *path;
    mms_region *region;
    mms_reader *reader; /* NULL without the right to pin: looks every interval_ms instead of waiting */
    int64_t timeout_ms; /* MMS_FOREVER: none */
    int64_t interval_ms;
    uint64_t count; /* lines to print; 0: no end */
    uint64_t seen;  /* the last generation that was printed */
    uint64_t region_id[2];
};

static int64_t now_ms(void)
{
    return (int64_t)(monotonic_ns() / 1000000);
}

static int report_removed(const struct watch *watch)
{
    return fail("%s was removed", watch->path);
}

/* The region's state, which must be the one of the region that was opened. */
static int look(const struct watch *watch, mms_info *info)
{
    int code = mms_inspect(watch->path, info);

    if (code == -ENOENT || code == MMS_E_GONE || code == MMS_E_NOT_REGION) /* the last one in the middle of `rm -r` */
        return report_removed(watch);
    if (code)
        return fail_call(code);
    if (info->region_id[0] != watch->region_id[0] || info->region_id[1] != watch->region_id[1])
        return report_removed(watch);
    return EXIT_OK;
}

/* mms_wait for those who cannot. */
static int poll_for_change(const struct watch *watch, int64_t ms)
{
    while (ms > 0 && mms_generation(watch->region) == watch->seen) {
        int64_t pause = ms < watch->interval_ms ? ms : watch->interval_ms;

        nanosleep(&(struct timespec){.tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000}, NULL);
        ms -= pause;
    }
    return ms > 0 ? 0 : MMS_E_TIMEOUT;
}

/* 0 if there may be something new, or MMS_E_TIMEOUT, or another failure. `left`: ms until the time-out, if there is
   one. */
static int wait_for_change(const struct watch *watch, int64_t left)
{
    bool for_ever = watch->timeout_ms == MMS_FOREVER;

    if (watch->reader)
        return mms_wait(watch->reader, watch->seen, for_ever ? MMS_FOREVER : (int)left);
    return poll_for_change(watch, for_ever || left > LOOK_MS ? LOOK_MS : left);
}

/* Until the region has a generation that was not printed yet. */
static int await_next(const struct watch *watch, mms_info *info)
{
    int64_t deadline = now_ms() + watch->timeout_ms;

    for (;;) {
        int64_t left = deadline - now_ms();
        int code, status = look(watch, info);

        if (status || info->generation != watch->seen)
            return status;
        if (watch->timeout_ms != MMS_FOREVER && left <= 0)
            return fail("nothing new in %s for %lld ms", watch->path, (long long)watch->timeout_ms);
        code = wait_for_change(watch, left);
        if (code == MMS_E_GONE)
            return report_removed(watch);
        if (code && code != MMS_E_TIMEOUT && code != -EINTR)
            return fail_call(code);
    }
}

static int watch_region(struct watch *watch)
{
    mms_info info;
    char when[TEXT_SIZE];
    uint64_t lines = 0;

    do {
        int status = await_next(watch, &info);

        if (status)
            return status;
        printf("generation=%" PRIu64 " size=%" PRIu64 " time=%s\n", info.generation, info.size,
               info.publish_time_ns ? format_time(when, info.publish_time_ns) : "unknown");
        if (fflush(stdout))
            return EXIT_FAILED; /* finish_output says why */
        watch->seen = info.generation;
    } while (++lines != watch->count);
    return EXIT_OK;
}

static int open_reader(struct watch *watch)
{
    int code = MMS_E_READ_ONLY;

    if (!mms_region_read_only(watch->region))
        code = mms_reader_open(watch->region, &watch->reader);
    if (code && code != MMS_E_READ_ONLY && code != MMS_E_FULL)
        return fail_call(code);
    if (code)
        note("%s: %s, so this looks every %lld ms", watch->path,
             code == MMS_E_FULL ? "the reader table is full" : "no right to write the reader table",
             (long long)watch->interval_ms);
    return EXIT_OK;
}

static int watch_path(struct watch *watch, const mms_region_options *options)
{
    mms_info info;
    int code = mms_region_open(watch->path, options, &watch->region), status;

    if (!code)
        code = mms_inspect(watch->path, &info);
    if (code)
        return fail_call(code);
    watch->region_id[0] = info.region_id[0];
    watch->region_id[1] = info.region_id[1];
    status = open_reader(watch);
    if (!status)
        status = watch_region(watch);
    mms_reader_close(watch->reader);
    mms_region_close(watch->region);
    return status;
}

int cmd_watch(int argc, char **argv)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    struct watch watch = {.timeout_ms = MMS_FOREVER, .interval_ms = 100};
    int option;

    while ((option = next_option(&verb, argc, argv, "n:t:", long_options)) >= 0) {
        switch (option) {
        case 'n': watch.count = parse_number(&verb, "--count", optarg, 1, UINT64_MAX); break;
        case 't': watch.timeout_ms = (int64_t)parse_number(&verb, "--timeout", optarg, 0, INT32_MAX); break;
        case INTERVAL: watch.interval_ms = (int64_t)parse_number(&verb, "--interval", optarg, 1, INT32_MAX); break;
        case FORMAT: options.format = parse_format(&verb, "--format", optarg); break;
        case FORCE_FILESYSTEM: options.force_filesystem = true; break;
        case TRUST:
            options.trust_owner = true;
            options.trusted_uid = parse_user(&verb, "--trust", optarg);
            break;
        }
    }
    count_operands(&verb, argc, argv, 1, 1);
    watch.path = path_in_format(options.format, argv[optind]);
    return watch_path(&watch, &options);
}
