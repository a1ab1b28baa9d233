/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/dump.h"
#include "cli/dump_print.h"
#include "cli/message.h"
#include "cli/open_region.h"
#include "cli/sink.h"
#include "cli/table/arguments.h"
#include "cli/table/dump.h"
#include <errno.h>
#include <mmsync.h>
#include <mmsync/mmap_sync.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct verb verb = {
    .name = "dump",
    .synopsis = "REGION [FILE] [OPTION]...",
    .help = "Write the current value of REGION to FILE or standard output, with its type, schema,\n"
            "tag, generation and a checksum, for 'mmsync restore'. This is the way to back up a\n"
            "region: its own files have their full length from the start.\n"
            "\n"
            "      --as FORM           a table as text instead, for 'mmsync load': jsonl, csv, or mdb,\n"
            "                          which LMDB's mdb_load reads\n"
            "  -j, --json              print what FILE has as a JSON object, and errors as objects on\n"
            "                          standard error\n" HELP_OF_KEYS HELP_OF_VALUES
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "      --other-hasher      the writer of mmap-sync's files has a hasher of its own, so a\n"
            "                          copy cannot be compared with its checksum\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { FORMAT = TABLE_OPTIONS_END, OTHER_HASHER, FORCE_FILESYSTEM, TRUST, AS };

static const struct option long_options[] = {
    {"format", required_argument, NULL, FORMAT},
    {"as", required_argument, NULL, AS},
    JSON_OPTION,
    TABLE_KIND_OPTIONS,
    {"other-hasher", no_argument, NULL, OTHER_HASHER},
    {"force-filesystem", no_argument, NULL, FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, TRUST},
    COMMON_OPTIONS,
};

/* How often the value may change while its parts are read, one millisecond apart. AT_ONCE:
   bytes that are summed and then written while they are in the cache. */
enum { TRIES = 200, AT_ONCE = 256 << 10 };

/* ---- The stream ---- */

static int add_summed(struct sink *sink, struct dump_sum *sum, const void *data, size_t size, struct progress *progress)
{
    const char *at = data;
    int status = EXIT_OK;

    while (size && !status) {
        size_t part = size < AT_ONCE ? size : AT_ONCE;

        dump_sum_add(sum, at, part);
        status = sink_add(sink, at, part, progress);
        at += part;
        size -= part;
    }
    return status;
}

static int write_parts(struct sink *sink, struct dump_sum *sum, const struct dump *dump, const void *data,
                       const char *schema, struct progress *progress)
{
    unsigned char header[DUMP_HEADER_SIZE], end[DUMP_SUM_SIZE];

    dump_encode(dump, header);
    if (add_summed(sink, sum, header, sizeof header, progress) ||
        add_summed(sink, sum, data, (size_t)dump->size, progress) ||
        add_summed(sink, sum, schema, (size_t)dump->schema_size, progress))
        return EXIT_FAILED;
    dump_sum_encode(sum, end);
    return sink_add(sink, end, sizeof end, progress);
}

static int write_dump(struct sink *sink, const struct dump *dump, const void *data, const char *schema)
{
    struct dump_sum *sum = dump_sum_start();
    struct progress progress;
    int status;

    if (!sum)
        return fail("out of memory for a checksum");
    progress_start(&progress, "dumping", DUMP_HEADER_SIZE + dump->size + dump->schema_size + DUMP_SUM_SIZE);
    status = write_parts(sink, sum, dump, data, schema, &progress);
    progress_end(&progress);
    dump_sum_free(sum);
    return status;
}

/* ---- From a view ---- */

static int dump_view(mms_reader *reader, struct dump *dump, struct sink *sink)
{
    mms_view_info about;
    mms_view view;
    int code = mms_read(reader, &view), status;

    if (code == 0)
        code = mms_view_describe(reader, &about);
    if (code)
        return fail_call(code);
    dump->generation = view.generation;
    dump->size = view.size;
    dump->schema_size = about.schema_size;
    dump->type_id[0] = about.type_id[0];
    dump->type_id[1] = about.type_id[1];
    dump->tag = about.tag;
    dump->publish_time_ns = about.publish_time_ns;
    dump->has_checksum = about.has_checksum;
    status = write_dump(sink, dump, view.data, about.schema);
    code = mms_release(reader);
    return code && !status ? fail_call(code) : status;
}

/* ---- From copies ---- */

struct copies {
    void *data;
    char *schema;
    size_t room, schema_room; /* at `data` and `schema` */
};

/* Room for `size` bytes; what is there already is kept if it is enough. */
static int make_room(void **buffer, size_t *room, size_t size)
{
    if (size <= *room && *buffer)
        return 0;
    free(*buffer);
    *buffer = malloc(size > 0 ? size : 1);
    *room = *buffer ? size : 0;
    return *buffer ? 0 : -ENOMEM;
}

/* Read the parts one after the other; they belong together if all are of one generation. A code
   of the library. */
static int copy_parts(const char *path, mms_region *region, struct dump *dump, struct copies *copies)
{
    uint64_t of_schema = 0, of_data = 0;
    size_t size = 0, schema_size = 0;
    void *schema = copies->schema;
    mms_info info;
    int code = mms_inspect(path, &info);

    if (code == 0)
        code = mms_read_schema(region, copies->schema, copies->schema_room, &schema_size, dump->type_id, &of_schema);
    if (code == 0 || code == MMS_E_TOO_BIG)
        code = mms_read_copy(region, copies->data, copies->room, &size, &of_data);
    if (code == MMS_E_TOO_BIG || (code == 0 && schema_size > copies->schema_room)) {
        code = make_room(&copies->data, &copies->room, size);
        if (code == 0)
            code = make_room(&schema, &copies->schema_room, schema_size);
        copies->schema = schema;
        return code ? code : MMS_E_AGAIN;
    }
    if (code)
        return code;
    dump->generation = of_data;
    dump->size = size;
    dump->schema_size = schema_size;
    dump->tag = info.tag;
    dump->publish_time_ns = info.publish_time_ns;
    dump->has_checksum = info.has_checksum;
    return of_schema == of_data && info.generation == of_data ? 0 : MMS_E_AGAIN;
}

static int dump_copies(const char *path, mms_region *region, struct dump *dump, struct sink *sink)
{
    struct copies copies = {.data = NULL};
    int code = copy_parts(path, region, dump, &copies), status;

    for (int tries = 0; tries < TRIES && code == MMS_E_AGAIN; tries++) {
        if (tries > 2)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        code = copy_parts(path, region, dump, &copies);
    }
    if (code == MMS_E_AGAIN)
        status = fail(
            "the writer of %s replaced the value %d times meanwhile; try again, or run with the right to write its reader table",
            path, TRIES);
    else if (code == -ENOMEM)
        status = fail("out of memory for a copy of the value");
    else
        status = code ? fail_call(code) : write_dump(sink, dump, copies.data, copies.schema);
    free(copies.data);
    free(copies.schema);
    return status;
}

/* ---- The command line ---- */

struct request {
    const char *path;
    struct dump *dump; /* filled in */
};

/* As for `read`: a view where this process may have one. */
static int dump_value(mms_region *region, struct sink *sink, const void *context)
{
    const struct request *request = context;
    const char *path = request->path;
    struct dump *dump = request->dump;
    mms_reader *reader;
    mms_info info;
    int code, status;

    if (sink_is_terminal(sink))
        return fail("a dump cannot go to a terminal; name a FILE, or redirect standard output");
    code = mms_inspect(path, &info);
    if (code)
        return fail_call(code);
    if (!mms_is_mmap_sync(path)) {
        dump->max_size = info.max_size;
        dump->max_slots = info.max_slots;
        dump->max_readers = info.max_readers;
    }
    if (mms_region_read_only(region))
        return dump_copies(path, region, dump, sink);
    code = mms_reader_open(region, &reader);
    if (code == MMS_E_FULL)
        return dump_copies(path, region, dump, sink);
    if (code)
        return fail_call(code);
    status = dump_view(reader, dump, sink);
    mms_reader_close(reader);
    return status;
}

static int dump_to(const char *path, const mms_region_options *options, const char *file)
{
    struct dump dump = {.big_endian = dump_machine_is_big_endian()};
    const struct request request = {path, &dump};
    int status = write_from_region(path, options, file, dump_value, &request);

    return status || !wants_json() ? status : dump_print(&dump, NULL, false);
}

int cmd_dump(int argc, char **argv)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_mmap_sync_region_options mmap_sync = MMS_MMAP_SYNC_REGION_OPTIONS_INIT;
    struct text_style style = {.form = FORM_AUTO};
    enum format format = FORMAT_AUTO;
    const char *path, *file;
    int option, operands;

    options.mmap_sync = &mmap_sync;
    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0) {
        switch (option) {
        case AS: style.form = parse_form(&verb, "--as", optarg); break;
        case TABLE_KEYS: style.keys.kind = parse_kind(&verb, "--keys", optarg); break;
        case TABLE_VALUES: style.values.kind = parse_kind(&verb, "--values", optarg); break;
        case FORMAT: format = parse_format(&verb, "--format", optarg); break;
        case OTHER_HASHER: mmap_sync.other_hasher = true; break;
        case FORCE_FILESYSTEM: options.force_filesystem = true; break;
        case TRUST:
            options.trust_owner = true;
            options.trusted_uid = parse_user(&verb, "--trust", optarg);
            break;
        }
    }
    operands = count_operands(&verb, argc, argv, 1, 2);
    path = path_in_format(&verb, format, argv[optind]);
    file = operands == 2 ? argv[optind + 1] : NULL;
    if (wants_json() && (!file || !strcmp(file, "-")))
        usage_error(&verb, "--json is not for a dump on standard output; name a FILE");
    if (style.form != FORM_AUTO)
        return dump_table(path, &options, &style, file);
    return dump_to(path, &options, file);
}
