/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/now.h"
#include "cli/open_region.h"
#include "cli/output_watch.h"
#include "cli/table/changed_keys.h"
#include <errno.h>
#include <inttypes.h>
#include <mmsync.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const struct verb verb = {
    .name = "watch",
    .synopsis = "REGION [OPTION]...",
    .help = "Print one line for the current value of REGION, if there is one, and then one for\n"
            "each new one, as soon as it is published: generation=N size=BYTES\n"
            "time=WHEN-PUBLISHED. Generations that come and go between two lines are skipped.\n"
            "Ends with status 1 when the region is removed.\n"
            "\n"
            "  -n, --count N           end after N lines\n"
            "  -t, --timeout MS        end with status 1 after MS without a new generation\n"
            "      --changes           end each line with what may differ from the line before it:\n"
            "                          changed=OFFSET+LENGTH,... or changed=all\n"
            "      --keys[=KIND]       of a table: after each line print one for each key that has changed\n"
            "                          since the line before, ' put KEY' or ' del KEY'; KIND is text,\n"
            "                          hex, u32 or u64 (text). Takes time in proportion to the table\n"
            "  -j, --json              print a JSON object on each line, with `generation`, `size`,\n"
            "                          `publish_time_ns`, and `changed`: pairs of offset and length,\n"
            "                          or null for all; not with --keys\n"
            "      --interval MS       the least time between two lines (0)\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { INTERVAL = LONG_ONLY, FORCE_FILESYSTEM, TRUST, FORMAT, CHANGES, KEYS };

static const struct option long_options[] = {
    {"count", required_argument, NULL, 'n'},
    {"timeout", required_argument, NULL, 't'},
    {"changes", no_argument, NULL, CHANGES},
    {"keys", optional_argument, NULL, KEYS},
    {"json", no_argument, NULL, 'j'},
    {"interval", required_argument, NULL, INTERVAL},
    {"force-filesystem", no_argument, NULL, FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, TRUST},
    {"format", required_argument, NULL, FORMAT},
    COMMON_OPTIONS,
};

/* How often to check, while a line is held back, that the region is still there. */
enum { LOOK_MS = 1000 };

struct watch {
    const char *path;
    mms_region *region;
    mms_reader *reader;       /* for `changes` and `keys`; NULL without the right to pin */
    mms_reader *before;       /* for `keys`: holds the value of the last line */
    mms_view view;            /* of `reader` */
    mms_table_view tables[2]; /* for `keys`: that of the last line, and this one's */
    bool has_table;           /* the last line's */
    int64_t timeout_ms;       /* MMS_FOREVER: none */
    int64_t interval_ms;
    int64_t next_line_ms; /* no line before this */
    uint64_t count;       /* lines to print; 0: no end */
    uint64_t seen;        /* the last generation that was printed */
    uint64_t region_id[2];
    bool table_full; /* of other processes */
    bool changes;    /* say what has changed */
    bool keys;       /* and which keys */
    bool json;       /* lines are objects */
    enum kind kind;  /* how keys are printed */
    struct table_types types;
    uint64_t type_id[2]; /* that they are of */
};

static int64_t now_ms(void)
{
    return (int64_t)(monotonic_ns() / 1000000);
}

static int report_removed(const struct watch *watch)
{
    return fail_as(MMS_E_GONE, "%s was removed", watch->path);
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

/* Something is new, but it is too early for a line. */
static void hold_line_back(int64_t ms)
{
    int64_t pause = ms < LOOK_MS ? ms : LOOK_MS;

    nanosleep(&(struct timespec){.tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000}, NULL);
}

/* Until there may be something new. `left`: ms until the time-out, if there is one. */
static int wait_for_change(const struct watch *watch, int64_t left)
{
    bool for_ever = watch->timeout_ms == MMS_FOREVER;
    int code;

    if (!for_ever && left <= 0)
        return fail_as(MMS_E_TIMEOUT, "nothing new in %s for %lld ms", watch->path, (long long)watch->timeout_ms);
    code = mms_region_wait(watch->region, watch->seen, for_ever ? MMS_FOREVER : (int)left);
    if (code == MMS_E_GONE)
        return report_removed(watch);
    return code && code != MMS_E_TIMEOUT && code != -EINTR ? fail_call(code) : EXIT_OK;
}

/* Until the region has a generation that was not printed yet, and a line may be printed. */
static int await_next(const struct watch *watch, mms_info *info)
{
    int64_t deadline = now_ms() + watch->timeout_ms;

    for (;;) {
        int64_t now = now_ms();
        int status = look(watch, info);

        if (status || (info->generation != watch->seen && now >= watch->next_line_ms))
            return status;
        if (info->generation != watch->seen)
            hold_line_back(watch->next_line_ms - now);
        else if ((status = wait_for_change(watch, deadline - now)) != EXIT_OK)
            return status;
        if (output_is_closed())
            return EXIT_FAILED; /* `watch | head`: nobody reads any more */
    }
}

static void print_ranges(const mms_range *ranges, size_t count)
{
    printf(" changed=");
    for (size_t i = 0; i < count; i++)
        printf("%s%" PRIu64 "+%" PRIu64, i ? "," : "", ranges[i].offset, ranges[i].length);
}

static void print_json_ranges(const mms_range *ranges, size_t count)
{
    printf(",\"changed\":[");
    for (size_t i = 0; i < count; i++)
        printf("%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", ranges[i].offset, ranges[i].length);
    putchar(']');
}

struct ranges {
    mms_range *list;
    size_t count;
};

/* Those of the view that is held. MMS_E_FORGOTTEN: everything may have changed. */
static int fetch_ranges(const struct watch *watch, struct ranges *ranges)
{
    size_t room;
    int code = watch->reader && watch->seen ? mms_changes(watch->reader, watch->seen, NULL, 0, &room) : MMS_E_FORGOTTEN;

    *ranges = (struct ranges){.list = NULL};
    if (code)
        return code == MMS_E_CORRUPT ? MMS_E_FORGOTTEN : code;
    ranges->list = calloc(room > 0 ? room : 1, sizeof *ranges->list);
    if (!ranges->list)
        return -ENOMEM;
    code = mms_changes(watch->reader, watch->seen, ranges->list, room, &ranges->count);
    return code == MMS_E_CORRUPT ? MMS_E_FORGOTTEN : code; /* of the same two values, so as many as before */
}

/* The line is of the view then: what has changed is known of that. */
static int hold_newest(struct watch *watch, mms_info *info)
{
    mms_view_info described;
    int code = mms_read(watch->reader, &watch->view);

    if (!code)
        code = mms_view_describe(watch->reader, &described);
    if (code)
        return fail_call(code);
    info->generation = watch->view.generation;
    info->size = watch->view.size;
    info->publish_time_ns = described.publish_time_ns;
    return EXIT_OK;
}

/* What this line holds is what the next one compares with. */
static void turn_readers(struct watch *watch)
{
    mms_reader *reader = watch->reader;

    (void)mms_release(watch->before); /* at the first line it holds nothing */
    watch->reader = watch->before;
    watch->before = reader;
    watch->tables[0] = watch->tables[1];
    watch->has_table = true;
}

static bool same_id(const uint64_t a[2], const uint64_t b[2])
{
    return a[0] == b[0] && a[1] == b[1];
}

/* Of the keys of both tables; those of different types are bytes. */
static struct notation notation_of(const struct watch *watch)
{
    const struct table_types bytes = {.type = NULL};
    struct notation notation = {.kind = watch->kind};

    notation_settle_keys(&notation, same_id(watch->tables[0].type_id, watch->type_id) ? &watch->types : &bytes);
    return notation;
}

/* The types of this line's table, if they are others. */
static int learn_types(struct watch *watch)
{
    const uint64_t *type_id = watch->tables[1].type_id;

    if (same_id(type_id, watch->type_id))
        return EXIT_OK;
    watch->type_id[0] = type_id[0];
    watch->type_id[1] = type_id[1];
    return table_types_take_held(&watch->types, watch->reader, type_id);
}

static int print_keys(struct watch *watch, const struct ranges *ranges)
{
    int code = mms_table_of(&watch->view, &watch->tables[1]), status;

    if (code == MMS_E_TYPE)
        return fail("the value of %s is no table; leave out --keys", watch->path);
    if (code)
        return fail_call(code);
    status = learn_types(watch);
    if (watch->has_table && !status) {
        const struct notation notation = notation_of(watch);

        status = print_changed_keys(&watch->tables[0], &watch->tables[1], ranges->list, ranges->count, &notation);
    }
    turn_readers(watch);
    return status;
}

static int finish_line(struct watch *watch)
{
    struct ranges ranges = {.list = NULL};
    int code = watch->changes || watch->keys ? fetch_ranges(watch, &ranges) : 0, status = EXIT_OK;

    if (watch->changes && code)
        fputs(watch->json ? ",\"changed\":null" : " changed=all", stdout);
    else if (watch->changes && watch->json)
        print_json_ranges(ranges.list, ranges.count);
    else if (watch->changes)
        print_ranges(ranges.list, ranges.count);
    puts(watch->json ? "}" : "");
    if (code == MMS_E_FORGOTTEN) {
        free(ranges.list);
        ranges.list = NULL;
    } else if (code) {
        status = fail_call(code);
    }
    if (!status && watch->keys)
        status = print_keys(watch, &ranges);
    else if (watch->reader)
        mms_release(watch->reader);
    free(ranges.list);
    return status;
}

static void begin_line(const struct watch *watch, const mms_info *info)
{
    char when[TEXT_SIZE];

    if (!watch->json)
        printf("generation=%" PRIu64 " size=%" PRIu64 " time=%s", info->generation, info->size,
               info->publish_time_ns ? format_time(when, info->publish_time_ns) : "unknown");
    else if (info->publish_time_ns)
        printf("{\"generation\":%" PRIu64 ",\"size\":%" PRIu64 ",\"publish_time_ns\":%" PRIu64, info->generation,
               info->size, info->publish_time_ns);
    else
        printf("{\"generation\":%" PRIu64 ",\"size\":%" PRIu64 ",\"publish_time_ns\":null", info->generation,
               info->size);
}

static int watch_region(struct watch *watch)
{
    mms_info info;
    uint64_t lines = 0;

    do {
        int status = await_next(watch, &info);

        if (!status && watch->reader)
            status = hold_newest(watch, &info);
        if (status)
            return status;
        begin_line(watch, &info);
        status = finish_line(watch);
        if (status)
            return status;
        if (!flush_output())
            return EXIT_FAILED; /* finish_output says why */
        watch->seen = info.generation;
        watch->next_line_ms = now_ms() + watch->interval_ms;
    } while (++lines != watch->count);
    return EXIT_OK;
}

static const char *why_no_reader(int code)
{
    return code == MMS_E_FULL ? "the reader table is full" : "no right to write the reader table, or to lock it";
}

/* Which bytes differ is only known of a value that is held. */
static int open_reader(struct watch *watch)
{
    int code = watch->table_full ? MMS_E_FULL : MMS_E_READ_ONLY;

    if (!mms_region_read_only(watch->region))
        code = mms_reader_open(watch->region, &watch->reader);
    if (code && code != MMS_E_READ_ONLY && code != MMS_E_FULL)
        return fail_call(code);
    if (!code && watch->keys)
        code = mms_reader_open(watch->region, &watch->before);
    if (code && watch->keys)
        return fail("%s: %s, so keys cannot be compared", watch->path, why_no_reader(code));
    if (code)
        note("%s: %s; every line ends with changed=all", watch->path, why_no_reader(code));
    return EXIT_OK;
}

static int watch_path(struct watch *watch, const mms_region_options *options)
{
    mms_info info;
    int code = mms_region_open(watch->path, options, &watch->region), status;

    watch->table_full = code == MMS_E_FULL;
    if (watch->table_full)
        code = open_region(watch->path, options, &watch->region);
    if (!code)
        code = mms_inspect(watch->path, &info);
    if (code)
        return fail_call(code);
    watch->region_id[0] = info.region_id[0];
    watch->region_id[1] = info.region_id[1];
    output_watch_start();
    status = watch->changes || watch->keys ? open_reader(watch) : EXIT_OK;
    if (!status)
        status = watch_region(watch);
    mms_reader_close(watch->reader);
    mms_reader_close(watch->before);
    table_types_free(&watch->types);
    mms_region_close(watch->region);
    return status;
}

int cmd_watch(int argc, char **argv)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    enum format format = FORMAT_AUTO;
    struct watch watch = {.timeout_ms = MMS_FOREVER, .interval_ms = 0};
    int option;

    while ((option = next_option(&verb, argc, argv, "n:t:j", long_options)) >= 0) {
        switch (option) {
        case 'n': watch.count = parse_number(&verb, "--count", optarg, 1, UINT64_MAX); break;
        case 't': watch.timeout_ms = (int64_t)parse_number(&verb, "--timeout", optarg, 0, INT32_MAX); break;
        case CHANGES: watch.changes = true; break;
        case 'j': watch.json = true; break;
        case KEYS:
            watch.keys = true;
            watch.kind = optarg ? parse_kind(&verb, "--keys", optarg) : KIND_AUTO;
            break;
        case INTERVAL: watch.interval_ms = (int64_t)parse_number(&verb, "--interval", optarg, 0, INT32_MAX); break;
        case FORMAT: format = parse_format(&verb, "--format", optarg); break;
        case FORCE_FILESYSTEM: options.force_filesystem = true; break;
        case TRUST:
            options.trust_owner = true;
            options.trusted_uid = parse_user(&verb, "--trust", optarg);
            break;
        }
    }
    count_operands(&verb, argc, argv, 1, 1);
    if (watch.json && watch.keys)
        usage_error(&verb, "--json and --keys exclude each other");
    watch.path = path_in_format(&verb, format, argv[optind]);
    return watch_path(&watch, &options);
}
