/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/followed.h"
#include "cli/message.h"
#include "cli/recovery.h"
#include "cli/stat.h"
#include "cli/table/describe.h"
#include "cli/typed_value.h"
#include <errno.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>

static const struct verb verb = {
    .name = "stat",
    .synopsis = "REGION [OPTION]...",
    .help = "Print the state of REGION: its value, its geometry, its writer and its readers.\n"
            "Changes nothing, and needs no live writer.\n"
            "\n"
            "  -j, --json              print a JSON object\n"
            "  -i, --interval TIME     print a line every TIME (100ms, 5s, 1m), with publishes per\n"
            "                          second since the line before; with --json an object on each\n"
            "  -n, --count N           end after N lines; with --interval\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { FORMAT = LONG_ONLY };

static const struct option long_options[] = {
    {"json", no_argument, NULL, 'j'},
    {"interval", required_argument, NULL, 'i'},
    {"count", required_argument, NULL, 'n'},
    {"format", required_argument, NULL, FORMAT},
    COMMON_OPTIONS,
};

static void print_value(const struct stat_state *state)
{
    const mms_info *info = &state->info;
    char text[TEXT_SIZE], when[TEXT_SIZE], type[33];

    if (!info->generation) {
        puts(recovery_is_due(info)
                 ? "generation   0 (its value is on the disk: start the writer, or run mmsync recover)"
                 : "generation   0 (no value yet)");
        return;
    }
    stat_format_id(type, info->type_id);
    printf("generation   %llu\n", (unsigned long long)info->generation);
    printf("size         %llu bytes (%s)\n", (unsigned long long)info->size, format_size(text, (double)info->size));
    printf("published    %s, %s ago\n", format_time(when, info->publish_time_ns),
           format_duration(text, stat_age_ns(info)));
    printf("slot         %u\n", info->slot);
    printf("type id      %s\n", info->type_id[0] || info->type_id[1] ? type : "none");
    if (*state->type_name) {
        fputs("type         ", stdout);
        print_escaped(state->type_name);
        putchar('\n');
    }
    printf("tag          %llu\n", (unsigned long long)info->tag);
    if (info->has_checksum)
        printf("checksum     %016llx\n", (unsigned long long)info->checksum);
    else
        puts("checksum     none");
}

static void print_region(const struct stat_state *state)
{
    const mms_info *info = &state->info;
    char size[TEXT_SIZE], id[33];

    stat_format_id(id, info->region_id);
    printf("region id    %s\n", id);
    printf("max size     %llu bytes (%s)\n", (unsigned long long)info->max_size,
           format_size(size, (double)info->max_size));
    printf("slots        %u used of %u\n", info->slots_used, info->max_slots);
    printf("memory       %llu bytes (%s)\n", (unsigned long long)info->bytes_used,
           format_size(size, (double)info->bytes_used));
    printf("huge pages   %llu bytes (%s)\n", (unsigned long long)info->bytes_huge,
           format_size(size, (double)info->bytes_huge));
    printf("refused      %llu writes, ever; %llu slots taken from readers\n", (unsigned long long)info->refused,
           (unsigned long long)info->evicted);
    if (!info->durable)
        puts("durable      no");
    else if (info->durable_generation != 0)
        printf("durable      generation %llu\n", (unsigned long long)info->durable_generation);
    else
        puts("durable      yes, and no value is on the disk yet");
    if (info->durable_lost != 0)
        printf("lost         generation %llu, of which the disk had not kept all\n",
               (unsigned long long)info->durable_lost);
    printf("fences       %s\n", info->symmetric ? "symmetric" : "asymmetric");
}

static void print_writer(const mms_info *info)
{
    if (info->writer_alive < 0)
        puts("writer       not known: `lock` cannot be opened, or its locks are refused");
    else if (info->writer_alive)
        printf("writer       alive, pid %d\n", (int)info->writer_pid);
    else if (info->writer_pid)
        printf("writer       none (the last one had pid %d)\n", (int)info->writer_pid);
    else
        puts("writer       none");
}

/* Of a region that follows one of another host. */
static void print_followed(const json_t *followed)
{
    const uint64_t then = followed_number(followed, "published_ns"), now = followed_number(followed, "applied_ns");
    char lag[TEXT_SIZE];

    if (then == 0)
        fputs("source       nothing yet of ", stdout);
    else
        printf("source       generation %llu of ", followed_number(followed, "source_generation"));
    print_escaped(followed_text(followed, "path"));
    fputs(" on ", stdout);
    print_escaped(followed_text(followed, "host"));
    fputs("\nfollowed     as ", stdout);
    print_escaped(followed_text(followed, "name"));
    fputs(" at ", stdout);
    print_escaped(followed_text(followed, "url"));
    if (then != 0)
        printf(", %s behind", format_duration(lag, now > then ? now - then : 0));
    putchar('\n');
}

static void print_readers(const struct stat_state *state)
{
    const mms_info *info = &state->info;

    if (state->readers_hidden) {
        puts("readers      not known: no right to read `readers`");
        return;
    }
    printf("readers      %u of %u, and %u dead\n", info->readers, info->max_readers, info->readers_dead);
    if (state->listed)
        puts("\n  line      pid      tid  alive  fences      evictable  holds");
    for (size_t i = 0; i < state->listed; i++) {
        const mms_reader_info *reader = &state->readers[i];

        printf("%6u %8d %8d  %-5s  %-10s  %-9s  ", reader->line, (int)reader->pid, (int)reader->tid,
               reader->alive ? "yes" : "no", reader->symmetric ? "symmetric" : "asymmetric",
               reader->allow_evict ? "yes" : "no");
        if (reader->pinned)
            printf("generation %llu\n", (unsigned long long)reader->generation);
        else
            puts("nothing");
    }
}

/* What the files of mmap-sync tell: they hold no types, no times and no list of readers. */
static void print_foreign(const struct stat_state *state)
{
    const mms_info *info = &state->info;
    char text[TEXT_SIZE];

    puts("format       mmap-sync");
    if (info->generation) {
        printf("version      %llu\n", (unsigned long long)info->generation);
        printf("size         %llu bytes (%s)\n", (unsigned long long)info->size, format_size(text, (double)info->size));
        printf("data file    %u\n", info->slot);
        printf("checksum     %06llx\n", (unsigned long long)info->checksum);
    } else {
        puts("version      0 (no value yet)");
    }
    printf("memory       %llu bytes (%s)\n", (unsigned long long)info->bytes_used,
           format_size(text, (double)info->bytes_used));
    if (info->writer_alive > 0)
        printf("write lock   taken by pid %d\n", (int)info->writer_pid);
    else
        puts("write lock   free (writers of the crate do not take it by default)");
    for (int i = 0; i < 2; i++)
        printf("readers      %d counted on data file %d%s\n", (int)state->mmap_sync.counts[i], i,
               (int)state->mmap_sync.counts[i] < 0 ? "; see mmsync repair" : "");
}

static void print_plain(const struct stat_state *state)
{
    fputs("region       ", stdout);
    print_escaped(state->path);
    putchar('\n');
    if (state->is_mmap_sync) {
        print_foreign(state);
        return;
    }
    print_value(state);
    if (state->is_table)
        print_table(&state->table);
    print_region(state);
    print_writer(&state->info);
    if (state->followed)
        print_followed(state->followed);
    print_readers(state);
}

/* The readers come and go between the two calls: those that fit are shown. */
static int gather(struct stat_state *state)
{
    size_t count = 0;
    int code = mms_inspect(state->path, &state->info);

    state->is_mmap_sync = mms_is_mmap_sync(state->path);
    if (!code && state->is_mmap_sync)
        code = mms_mmap_sync_inspect(state->path, &state->mmap_sync);
    if (code)
        return fail_call(code);
    if ((state->info.type_id[0] | state->info.type_id[1]) == 0 ||
        !typed_name(state->path, state->info.type_id, state->type_name, sizeof state->type_name))
        *state->type_name = '\0';
    if (state->is_mmap_sync)
        return EXIT_OK;
    state->followed = followed_read(state->path);
    if ((state->info.type_id[0] | state->info.type_id[1]) != 0)
        state->is_table = describe_table(state->path, &state->table);
    state->readers = calloc(state->info.max_readers, sizeof *state->readers);
    if (!state->readers)
        return fail_errno("out of memory for %u readers", state->info.max_readers);
    code = mms_inspect_readers(state->path, state->readers, state->info.max_readers, &count);
    state->readers_hidden = code == -EACCES;
    if (code && !state->readers_hidden)
        return fail_call(code);
    state->listed = count < state->info.max_readers ? count : state->info.max_readers;
    return EXIT_OK;
}

static unsigned parse_interval(const char *text)
{
    const uint64_t ms = parse_duration(&verb, "--interval", text) / 1000000;

    if (ms < 1 || ms > INT32_MAX)
        usage_error(&verb, "--interval %s: not between 1ms and 24 days", text);
    return (unsigned)ms;
}

static int print_once(const char *path, bool json)
{
    struct stat_state state = {.path = path};
    int status = gather(&state);

    if (!status && json)
        status = stat_print_json(&state);
    else if (!status)
        print_plain(&state);
    free(state.readers);
    json_decref(state.followed);
    return status;
}

int cmd_stat(int argc, char **argv)
{
    struct stat_lines lines = {.interval_ms = 0};
    enum format format = FORMAT_AUTO;
    const char *path;
    int option;

    while ((option = next_option(&verb, argc, argv, "ji:n:", long_options)) >= 0) {
        switch (option) {
        case 'j': lines.json = true; break;
        case 'i': lines.interval_ms = parse_interval(optarg); break;
        case 'n': lines.count = parse_number(&verb, "--count", optarg, 1, UINT64_MAX); break;
        case FORMAT: format = parse_format(&verb, "--format", optarg); break;
        }
    }
    count_operands(&verb, argc, argv, 1, 1);
    if (lines.count && !lines.interval_ms)
        usage_error(&verb, "--count is for --interval");
    path = path_in_format(&verb, format, argv[optind]);
    return lines.interval_ms ? stat_print_lines(path, &lines) : print_once(path, lines.json);
}
