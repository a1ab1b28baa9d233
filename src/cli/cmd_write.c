/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/source.h"
#include <errno.h>
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>
#include <string.h>

static const struct verb verb = {
    .name = "write",
    .synopsis = "REGION [FILE|-] [OPTION]...",
    .help = "Publish FILE, or standard input up to its end, as the new value of REGION; create\n"
            "the region if there is none. Prints one line: generation=N size=BYTES slot=N.\n"
            "Nothing is published unless everything could be read.\n"
            "\n"
            "Of a new region:\n"
            "      --max-size SIZE     largest value it takes (4G on 64-bit systems)\n"
            "      --max-slots N       most values kept at a time, 2 to 32767 (128)\n"
            "      --max-readers N     most readers, 1 to 65535 (1024)\n"
            "      --mode OCTAL        mode of the files that hold the value (0640)\n"
            "      --readers-mode OCTAL\n"
            "                          mode of the reader table, r and w together; all others\n"
            "                          can only copy (--mode, with w for each r)\n"
            "      --group NAME        group of all files\n"
            "      --replace           if there is one with another geometry: build a new one\n"
            "                          that goes on with its value, and remove the old\n"
            "\n"
            "Of this write:\n"
            "      --checksum          store a checksum for 'mmsync verify'\n"
            "      --tag N             store a number of your own with the value\n"
            "      --type-id HEX       store a type id of 32 digits; readers that ask for\n"
            "                          another one refuse the value\n"
            "      --grace MS          how long to wait for readers that hold every slot, or\n"
            "                          'forever' (1000)\n"
            "      --evict             then take slots from readers that allow it\n"
            "      --reset             then take the value that they read, as the crate mmap-sync\n"
            "                          does (its files only)\n"
            "      --unlocked          take no write lock, as that crate does by default (its\n"
            "                          files only)\n"
            "      --lock-wait MS      how long to wait for another writer to end, or\n"
            "                          'forever' (2000)\n"
            "      --fence KIND        auto, symmetric or asymmetric (auto)\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n"
            "SIZE: bytes, or with a suffix K, M, G, T (powers of 1024).\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum {
    MAX_SIZE = LONG_ONLY,
    MAX_SLOTS,
    MAX_READERS,
    MODE,
    READERS_MODE,
    GROUP,
    REPLACE,
    CHECKSUM,
    TAG,
    TYPE_ID,
    GRACE,
    EVICT,
    RESET,
    UNLOCKED,
    FORMAT,
    LOCK_WAIT,
    FENCE,
    FORCE_FILESYSTEM,
    TRUST
};

static const struct option long_options[] = {
    {"max-size", required_argument, NULL, MAX_SIZE},
    {"max-slots", required_argument, NULL, MAX_SLOTS},
    {"max-readers", required_argument, NULL, MAX_READERS},
    {"mode", required_argument, NULL, MODE},
    {"readers-mode", required_argument, NULL, READERS_MODE},
    {"group", required_argument, NULL, GROUP},
    {"replace", no_argument, NULL, REPLACE},
    {"checksum", no_argument, NULL, CHECKSUM},
    {"tag", required_argument, NULL, TAG},
    {"type-id", required_argument, NULL, TYPE_ID},
    {"grace", required_argument, NULL, GRACE},
    {"evict", no_argument, NULL, EVICT},
    {"reset", no_argument, NULL, RESET},
    {"unlocked", no_argument, NULL, UNLOCKED},
    {"format", required_argument, NULL, FORMAT},
    {"lock-wait", required_argument, NULL, LOCK_WAIT},
    {"fence", required_argument, NULL, FENCE},
    {"force-filesystem", no_argument, NULL, FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, TRUST},
    COMMON_OPTIONS,
};

static mms_fence parse_fence(const char *text)
{
    if (!strcmp(text, "auto"))
        return MMS_FENCE_AUTO;
    if (!strcmp(text, "symmetric"))
        return MMS_FENCE_SYMMETRIC;
    if (!strcmp(text, "asymmetric"))
        return MMS_FENCE_ASYMMETRIC;
    usage_error(&verb, "--fence: '%s' is not auto, symmetric or asymmetric", text);
}

/* One case for each option: longer than most functions, and nothing to gain from a split. */
static void set_option(mms_writer_options *options, int option)
{
    switch (option) {
    case MAX_SIZE:
        options->max_size = parse_size(&verb, "--max-size", optarg);
        if (!options->max_size)
            usage_error(&verb, "--max-size: 0 leaves room for nothing");
        break;
    case MAX_SLOTS: options->max_slots = (uint32_t)parse_number(&verb, "--max-slots", optarg, 2, 32767); break;
    case MAX_READERS: options->max_readers = (uint32_t)parse_number(&verb, "--max-readers", optarg, 1, 65535); break;
    case MODE: options->mode = parse_mode(&verb, "--mode", optarg); break;
    case READERS_MODE: options->readers_mode = parse_mode(&verb, "--readers-mode", optarg); break;
    case GROUP: options->gid = parse_group(&verb, "--group", optarg); break;
    case REPLACE: options->replace = true; break;
    case CHECKSUM: options->checksum = true; break;
    case TAG: options->tag = parse_number(&verb, "--tag", optarg, 0, UINT64_MAX); break;
    case TYPE_ID: parse_type(&verb, "--type-id", optarg, options->type_id); break;
    case GRACE: options->grace_ms = parse_wait(&verb, "--grace", optarg); break;
    case EVICT: options->on_grace = MMS_EVICT; break;
    case RESET: options->on_grace = MMS_RESET; break;
    case UNLOCKED: options->unlocked = true; break;
    case FORMAT: options->format = parse_format(&verb, "--format", optarg); break;
    case LOCK_WAIT: options->lock_wait_ms = parse_wait(&verb, "--lock-wait", optarg); break;
    case FENCE: options->fence = parse_fence(optarg); break;
    case FORCE_FILESYSTEM: options->force_filesystem = true; break;
    case TRUST:
        options->trust_owner = true;
        options->trusted_uid = parse_user(&verb, "--trust", optarg);
        break;
    }
}

/* Read, publish, and say so. */
static int publish(const char *path, struct source *source, mms_writer *writer, bool is_new)
{
    mms_receipt receipt;
    mms_info info;
    size_t size;
    int code = mms_inspect(path, &info), status;

    if (code)
        return fail_call(code);
    status = source_read(source, writer, info.max_size, is_new, &size);
    if (status)
        return status;
    code = mms_write_commit(writer, size, &receipt);
    if (code)
        return fail_call(code);
    printf("generation=%" PRIu64 " size=%zu slot=%u%s\n", receipt.generation, receipt.size, receipt.slot,
           receipt.reset ? " reset" : "");
    return EXIT_OK;
}

/* A region that was made for a value which then did not come is in the way: its geometry is fixed. */
static void remove_if_empty(const char *path)
{
    mms_info info;

    if (!mms_inspect(path, &info) && !info.generation)
        mms_remove(path);
}

static int write_source(const char *path, const mms_writer_options *options, struct source *source)
{
    mms_writer *writer;
    mms_info info;
    bool is_new = mms_inspect(path, &info) == -ENOENT;
    int code, status;

    if (options->max_size && source->sized && source->size > options->max_size)
        return fail("%s has %" PRIu64 " bytes, more than --max-size; nothing was published", source->name,
                    source->size);
    code = mms_writer_open(path, options, &writer);
    if (code)
        return fail_call(code);
    if (is_new)
        interrupt_catch(); /* in a region with a value there is nothing to tidy up: a killed writer changes nothing */
    status = publish(path, source, writer, is_new);
    mms_writer_close(writer);
    if (status && is_new)
        remove_if_empty(path);
    return interrupt_finish(status);
}

int cmd_write(int argc, char **argv)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    struct source source;
    int option, operands, status;

    while ((option = next_option(&verb, argc, argv, "", long_options)) >= 0)
        set_option(&options, option);
    operands = count_operands(&verb, argc, argv, 1, 2);
    status = source_open(&source, operands == 2 ? argv[optind + 1] : NULL);
    if (!status)
        status = write_source(path_in_format(options.format, argv[optind]), &options, &source);
    source_close(&source);
    return status;
}
