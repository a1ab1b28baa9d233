/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/sink.h"
#include "cli/typed_value.h"
#include <errno.h>
#include <mmsync.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

static const struct verb verb = {
    .name = "read",
    .synopsis = "REGION [OPTION]...",
    .help = "Write the current value of REGION to standard output.\n"
            "\n"
            "  -o, --output FILE       write to FILE instead; it appears whole or not at all\n"
            "      --copy              copy the value before it is written out, so that slow\n"
            "                          output does not hold a slot; this is always done without\n"
            "                          the right to write the reader table\n"
            "      --json              print the value as one line of JSON; it must have been\n"
            "                          published with its schema\n"
            "      --schema            print that schema\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { COPY = LONG_ONLY, FORCE_FILESYSTEM, TRUST, JSON, SCHEMA, FORMAT };

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},    {"copy", no_argument, NULL, COPY},
    {"json", no_argument, NULL, JSON},           {"schema", no_argument, NULL, SCHEMA},
    {"format", required_argument, NULL, FORMAT}, {"force-filesystem", no_argument, NULL, FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, TRUST},   COMMON_OPTIONS,
};

/* How often a copy may be overtaken by the writer, one millisecond apart. */
enum { COPY_TRIES = 200 };

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

/* mms_read_copy into a buffer of the size that it asks for; to be freed by the caller also after a failure. */
static int copy_value(mms_region *region, void **buffer, size_t *size)
{
    char nothing;
    size_t capacity = 0;
    int code = mms_read_copy(region, &nothing, 0, size, NULL);

    for (int tries = 0; tries < COPY_TRIES && (code == MMS_E_TOO_BIG || code == MMS_E_AGAIN); tries++) {
        if (code == MMS_E_AGAIN) {
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        } else {
            free(*buffer);
            capacity = *size;
            *buffer = malloc(capacity);
            if (!*buffer)
                return fail("cannot get %zu bytes of memory for a copy of the value", capacity);
        }
        code = mms_read_copy(region, *buffer ? *buffer : &nothing, capacity, size, NULL);
    }
    return code ? fail_call(code) : EXIT_OK;
}

static int write_copy(mms_region *region, struct sink *sink)
{
    void *buffer = NULL;
    size_t size = 0;
    int status = copy_value(region, &buffer, &size);

    if (!status)
        status = sink_write(sink, buffer, size);
    free(buffer);
    return status;
}

/* A view where this process may have one, as it needs no memory; a full reader table is not worth a failure. */
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

/* Bytes, or another form of them. */
static int write_form(mms_region *region, int form, bool copy, struct sink *sink)
{
    switch (form) {
    case JSON: return typed_write_json(region, sink);
    case SCHEMA: return typed_write_schema(region, sink);
    default: return write_value(region, copy, sink);
    }
}

static int read_region(const char *path, const mms_region_options *options, int form, bool copy, const char *file)
{
    struct sink sink;
    mms_region *region;
    int code = mms_region_open(path, options, &region), status;

    if (code)
        return fail_call(code);
    status = sink_open(&sink, file);
    if (!status)
        status = write_form(region, form, copy, &sink);
    if (!status)
        status = sink_commit(&sink);
    sink_close(&sink);
    mms_region_close(region);
    return interrupt_finish(status);
}

int cmd_read(int argc, char **argv)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    const char *file = NULL;
    bool copy = false;
    int option, form = 0;

    while ((option = next_option(&verb, argc, argv, "o:", long_options)) >= 0) {
        switch (option) {
        case 'o': file = optarg; break;
        case COPY: copy = true; break;
        case JSON:
        case SCHEMA: form = option; break;
        case FORMAT: options.format = parse_format(&verb, "--format", optarg); break;
        case FORCE_FILESYSTEM: options.force_filesystem = true; break;
        case TRUST:
            options.trust_owner = true;
            options.trusted_uid = parse_user(&verb, "--trust", optarg);
            break;
        }
    }
    count_operands(&verb, argc, argv, 1, 1);
    return read_region(argv[optind], &options, form, copy, file);
}
