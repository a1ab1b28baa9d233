/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/dump.h"
#include "cli/dump_print.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "cli/source.h"
#include "cli/writer_arguments.h"
#include <errno.h>
#include <inttypes.h>
#include <mmsync.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct verb verb = {
    .name = "restore",
    .synopsis = "REGION [FILE|-] [OPTION]...",
    .help = "Publish the value that 'mmsync dump' wrote, from FILE or standard input, with its\n"
            "type, schema and tag. Nothing is published unless the dump is whole and its checksum\n"
            "is right. Prints one line: generation=N size=BYTES slot=N dumped=N, where the first\n"
            "generation is the new one and the last is the one in the dump.\n"
            "\n"
            "      --check             publish nothing: check that the dump is whole, and print\n"
            "                          what is in it; 'mmsync restore --check [FILE|-]'\n"
            "  -j, --json              print a JSON object instead of the line\n"
            "\n"
            "Of a new region, which by default has the geometry of the dumped one:\n" HELP_OF_NEW_REGION "\n"
            "Of this write:\n" HELP_OF_EXPECT HELP_OF_KEEP HELP_OF_WRITE "\n"
            "SIZE: bytes, or with a suffix K, M, G, T (powers of 1024).\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { CHECK = WRITER_OPTIONS_END };

static const struct option long_options[] = {
    WRITER_OPTIONS, EXPECT_OPTION, KEEP_OPTION, {"check", no_argument, NULL, CHECK}, JSON_OPTION, COMMON_OPTIONS,
};

/* AT_ONCE: bytes that are read and then summed while they are in the cache. The longest schema
   that is believed: any is shorter. */
enum { AT_ONCE = 256 << 10, LONGEST_SCHEMA = 256 << 20 };

struct restore {
    const char *path; /* NULL: --check */
    struct writer_arguments arguments;
    struct source source;
    struct dump dump;
    struct dump_sum *sum;
    struct progress progress;
    char *schema;
};

/* ---- The stream ---- */

static int refuse(const struct restore *restore, const char *what)
{
    return fail("%s %s; nothing was published", restore->source.name, what);
}

/* `size` bytes, all of them. */
static int take(struct restore *restore, void *buffer, size_t size)
{
    size_t got;

    if (source_read_full(&restore->source, buffer, size, &got))
        return EXIT_FAILED;
    return got == size ? EXIT_OK : refuse(restore, got ? "ends too early: it was cut off" : "ends too early");
}

/* The same, into the sum. With a NULL buffer the bytes are only checked. */
static int take_summed(struct restore *restore, void *buffer, uint64_t size)
{
    static char looked_at[AT_ONCE];
    char *at = buffer;
    int status = EXIT_OK;

    while (size && !status) {
        size_t part = size < AT_ONCE ? (size_t)size : AT_ONCE;
        char *to = at ? at : looked_at;

        status = take(restore, to, part);
        if (!status)
            dump_sum_add(restore->sum, to, part);
        progress_add(&restore->progress, part);
        at = at ? at + part : NULL;
        size -= part;
    }
    return status;
}

static int check_dump(const struct restore *restore)
{
    const struct dump *dump = &restore->dump;

    if (dump->size > SIZE_MAX / 2)
        return refuse(restore, "has a value that is larger than this machine can address");
    if (dump->schema_size > LONGEST_SCHEMA)
        return refuse(restore, "is damaged: it claims an impossibly long schema");
    if (dump->big_endian != dump_machine_is_big_endian() && (dump->type_id[0] | dump->type_id[1]))
        return refuse(restore,
                      "was made on a machine with another byte order, so its typed value would be misread here");
    return EXIT_OK;
}

static int take_header(struct restore *restore)
{
    unsigned char bytes[DUMP_HEADER_SIZE];
    const char *wrong;

    if (take(restore, bytes, sizeof bytes))
        return EXIT_FAILED;
    dump_sum_add(restore->sum, bytes, sizeof bytes);
    wrong = dump_decode(&restore->dump, bytes);
    return wrong ? refuse(restore, wrong) : check_dump(restore);
}

static int take_end(struct restore *restore)
{
    unsigned char wanted[DUMP_SUM_SIZE], found[DUMP_SUM_SIZE], more;
    size_t got;

    dump_sum_encode(restore->sum, wanted);
    if (take(restore, found, sizeof found))
        return EXIT_FAILED;
    if (memcmp(wanted, found, sizeof wanted) != 0)
        return refuse(restore, "is damaged: its checksum is wrong");
    if (source_read_full(&restore->source, &more, 1, &got))
        return EXIT_FAILED;
    return got ? refuse(restore, "goes on after its end") : EXIT_OK;
}

/* Value, schema and end; `buffer` NULL: they are only checked. */
static int take_rest(struct restore *restore, void *buffer)
{
    const struct dump *dump = &restore->dump;
    int status;

    restore->schema = malloc((size_t)dump->schema_size + 1);
    if (!restore->schema)
        return fail("out of memory for the schema");
    progress_start(&restore->progress, "restoring", dump->size + dump->schema_size);
    status = take_summed(restore, buffer, dump->size);
    if (!status)
        status = take_summed(restore, restore->schema, dump->schema_size);
    if (!status)
        status = take_end(restore);
    progress_end(&restore->progress);
    return status;
}

/* ---- Publishing ---- */

/* With room for the schema, if the region has that much: a lack of room shows before anything
   is published. */
static size_t room_for(const struct dump *dump, uint64_t max_size)
{
    uint64_t room = (dump->size + 63) / 64 * 64 + dump->schema_size;

    if (!dump->schema_size)
        room = dump->size;
    return (size_t)(room < max_size ? room : dump->size);
}

/* A region whose slots are hardly larger than the value has no room for the schema behind it. */
static int check_schema(const struct restore *restore)
{
    mms_info info;
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    size_t size = 0;
    int code;

    options.read_only = options.force_filesystem = true;
    options.trust_owner = restore->arguments.options.trust_owner;
    options.trusted_uid = restore->arguments.options.trusted_uid;
    code = mms_region_open(restore->path, &options, &region);
    if (code)
        return fail_call(code);
    code = mms_read_schema(region, NULL, 0, &size, NULL, NULL);
    mms_region_close(region);
    if (code && code != MMS_E_TOO_BIG)
        return fail_call(code);
    if (size == restore->dump.schema_size || mms_inspect(restore->path, &info))
        return EXIT_OK;
    return fail("the value is published, but %s has no room for its schema; restore it with --max-size %" PRIu64
                " or more, and "
                "with --replace",
                restore->path, info.max_size + restore->dump.schema_size + 4096);
}

static int commit(struct restore *restore, mms_writer *writer)
{
    const struct dump *dump = &restore->dump;
    mms_receipt receipt;
    int code = mms_write_set_type(writer, dump->type_id, restore->schema, (size_t)dump->schema_size);

    if (code == 0)
        code = mms_write_commit(writer, (size_t)dump->size, &receipt);
    if (code)
        return fail_call(code);
    if (dump->schema_size && check_schema(restore))
        return EXIT_FAILED;
    return dump_print(dump, &receipt, mms_mmap_sync_was_reset(writer));
}

static int publish(struct restore *restore, mms_writer *writer)
{
    mms_info info;
    void *buffer;
    int code = mms_inspect(restore->path, &info), status;

    if (code == 0 && restore->dump.size > info.max_size)
        return fail_as(
            MMS_E_TOO_BIG,
            "the value has %llu bytes, more than the %llu of the region's --max-size; nothing was published; "
            "restore it with a larger --max-size and with --replace",
            (unsigned long long)restore->dump.size, (unsigned long long)info.max_size);
    if (code == 0)
        code = mms_write_begin(writer, room_for(&restore->dump, info.max_size), &buffer, NULL);
    if (code)
        return fail_call(code);
    status = take_rest(restore, buffer);
    if (status)
        mms_write_abort(writer);
    return status ? status : commit(restore, writer);
}

/* What the dump says, where the command line says nothing. */
static int complete_options(struct restore *restore, bool is_new)
{
    const struct dump *dump = &restore->dump;
    mms_writer_options *options = &restore->arguments.options;

    if (mms_is_mmap_sync(restore->path)) {
        if (dump->type_id[0] | dump->type_id[1] | dump->tag | dump->schema_size)
            return refuse(restore, "has a type, a schema or a tag, which the files of mmap-sync cannot hold");
        return EXIT_OK;
    }
    options->tag = dump->tag;
    options->checksum = dump->has_checksum;
    if (!is_new)
        return EXIT_OK;
    options->max_size = options->max_size ? options->max_size : dump->max_size;
    options->max_slots = options->max_slots ? options->max_slots : dump->max_slots;
    options->max_readers = options->max_readers ? options->max_readers : dump->max_readers;
    return EXIT_OK;
}

static int write_dump(struct restore *restore)
{
    mms_writer *writer;
    mms_info info;
    bool is_new = mms_inspect(restore->path, &info) == -ENOENT;
    int code, status = complete_options(restore, is_new);

    if (status)
        return status;
    status = look_before_open(&restore->arguments, restore->path);
    if (status)
        return status;
    code = mms_writer_open(restore->path, &restore->arguments.options, &writer);
    if (code)
        return fail_call(code);
    if (is_new)
        interrupt_catch(); /* as for `write`: in a region with a value there is nothing to tidy up */
    status = check_expected(&restore->arguments, restore->path);
    if (!status)
        status = publish(restore, writer);
    mms_writer_close(writer);
    if (status && is_new)
        remove_if_empty(restore->path);
    return status;
}

static int run(struct restore *restore, const char *file)
{
    int status = source_open(&restore->source, file);

    if (!status && isatty(restore->source.fd))
        status = fail("a dump cannot come from a terminal; name a FILE, or redirect standard input");
    restore->sum = dump_sum_start();
    if (!status && !restore->sum)
        status = fail("out of memory for a checksum");
    if (!status)
        status = take_header(restore);
    if (!status && restore->path)
        status = write_dump(restore);
    else if (!status) {
        status = take_rest(restore, NULL);
        status = status ? status : dump_print(&restore->dump, NULL, false);
    }
    source_close(&restore->source);
    dump_sum_free(restore->sum);
    free(restore->schema);
    return status ? interrupt_finish(status) : status; /* as for `write` */
}

int cmd_restore(int argc, char **argv)
{
    struct restore restore = {.path = NULL};
    bool check = false;
    int option, operands;

    writer_arguments_init(&restore.arguments);
    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0) {
        switch (option) {
        case CHECK: check = true; break;
        case 'j': break; /* wants_json() */
        default: set_writer_option(&verb, &restore.arguments, option);
        }
    }
    operands = count_operands(&verb, argc, argv, check ? 0 : 1, check ? 1 : 2);
    if (check)
        return run(&restore, operands == 1 ? argv[optind] : NULL);
    restore.path = path_in_format(&verb, restore.arguments.format, argv[optind]);
    return run(&restore, operands == 2 ? argv[optind + 1] : NULL);
}
