/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/open_region.h"
#include "cli/sink.h"
#include "cli/typed_value.h"
#include "cli/value_copy.h"
#include <mmsync.h>
#include <mmsync/mmap_sync.h>
#include <stdbool.h>

static const struct verb verb = {
    .name = "read",
    .synopsis = "REGION [OPTION]...",
    .help = "Write the current value of REGION to standard output.\n"
            "\n"
            "  -o, --output FILE       write to FILE instead; it appears whole or not at all\n"
            "      --copy              copy the value before it is written out, so that slow\n"
            "                          output does not hold a slot; without write permission\n"
            "                          for the reader table this is always done\n"
            "  -j, --json              print the value as one line of JSON; it must have been\n"
            "                          published with its schema\n"
            "      --schema            print that schema\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "      --other-hasher      the writer of mmap-sync's files has a hasher of its own, so a copy\n"
            "                          cannot be compared with its checksum\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { COPY = LONG_ONLY, FORCE_FILESYSTEM, TRUST, SCHEMA, FORMAT, OTHER_HASHER };

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"copy", no_argument, NULL, COPY},
    JSON_OPTION,
    {"schema", no_argument, NULL, SCHEMA},
    {"format", required_argument, NULL, FORMAT},
    {"force-filesystem", no_argument, NULL, FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, TRUST},
    {"other-hasher", no_argument, NULL, OTHER_HASHER},
    COMMON_OPTIONS,
};

static int write_view(mms_reader *reader, struct sink *sink)
{
    mms_view view;
    int code = mms_read(reader, &view), status;

    if (code)
        return fail_call(code);
    status = sink_write(sink, view.data, view.size);
    code = mms_release(reader);
    if (code && !status)
        return fail_call(code);
    return status;
}

static int write_copy(mms_region *region, struct sink *sink)
{
    struct value_copy copy;
    int status = value_copy_take(region, &copy);

    if (!status)
        status = sink_write(sink, copy.data, copy.size);
    value_copy_free(&copy);
    return status;
}

/* A view if this process may have one, as that needs no memory. A full reader table is no
   reason to fail. */
static int write_value(mms_region *region, bool copy, struct sink *sink)
{
    mms_reader *reader;
    int code, status;

    if (copy || mms_region_read_only(region))
        return write_copy(region, sink);
    code = mms_reader_open(region, &reader);
    if (code == MMS_E_FULL)
        return write_copy(region, sink);
    if (code)
        return fail_call(code);
    status = write_view(reader, sink);
    mms_reader_close(reader);
    return status;
}

/* What to write: bytes, or the value in another form. */
struct form {
    int option; /* 'j', SCHEMA, or 0 */
    bool copy;
};

static int write_form(mms_region *region, struct sink *sink, const void *context)
{
    const struct form *form = context;

    switch (form->option) {
    case 'j': return typed_write_json(region, sink);
    case SCHEMA: return typed_write_schema(region, sink);
    default: return write_value(region, form->copy, sink);
    }
}

int cmd_read(int argc, char **argv)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_mmap_sync_region_options mmap_sync = MMS_MMAP_SYNC_REGION_OPTIONS_INIT;
    enum format format = FORMAT_AUTO;
    const char *file = NULL;
    struct form form = {0};
    int option;

    options.mmap_sync = &mmap_sync;
    while ((option = next_option(&verb, argc, argv, "o:j", long_options)) >= 0) {
        switch (option) {
        case 'o': file = optarg; break;
        case COPY: form.copy = true; break;
        case 'j':
        case SCHEMA: form.option = option; break;
        case FORMAT: format = parse_format(&verb, "--format", optarg); break;
        case OTHER_HASHER: mmap_sync.other_hasher = true; break;
        case FORCE_FILESYSTEM: options.force_filesystem = true; break;
        case TRUST:
            options.trust_owner = true;
            options.trusted_uid = parse_user(&verb, "--trust", optarg);
            break;
        }
    }
    count_operands(&verb, argc, argv, 1, 1);
    return write_from_region(path_in_format(&verb, format, argv[optind]), &options, file, write_form, &form);
}
