/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/writer_arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/recovery.h"
#include <mmsync/durable.h>
#include <string.h>

static mms_fence parse_fence(const struct verb *verb, const char *text)
{
    if (!strcmp(text, "auto"))
        return MMS_FENCE_AUTO;
    if (!strcmp(text, "symmetric"))
        return MMS_FENCE_SYMMETRIC;
    if (!strcmp(text, "asymmetric"))
        return MMS_FENCE_ASYMMETRIC;
    usage_error(verb, "--fence: '%s' is not auto, symmetric or asymmetric", text);
}

static mms_huge_pages parse_huge_pages(const struct verb *verb, const char *text)
{
    if (!strcmp(text, "auto"))
        return MMS_HUGE_PAGES_AUTO;
    if (!strcmp(text, "off"))
        return MMS_HUGE_PAGES_OFF;
    if (!strcmp(text, "on"))
        return MMS_HUGE_PAGES_ON;
    usage_error(verb, "--huge-pages: '%s' is not auto, off or on", text);
}

static uint64_t parse_max_size(const struct verb *verb, const char *text)
{
    uint64_t size = parse_size(verb, "--max-size", text);

    if (!size)
        usage_error(verb, "--max-size: 0 leaves no room for a value");
    return size;
}

static void set_right(const struct verb *verb, mms_writer_options *options, int option)
{
    switch (option) {
    case WRITER_MODE: options->mode = parse_mode(verb, "--mode", optarg); break;
    case WRITER_READERS_MODE: options->readers_mode = parse_mode(verb, "--readers-mode", optarg); break;
    case WRITER_GROUP:
        options->gid = parse_group(verb, "--group", optarg);
        options->has_gid = true;
        break;
    case WRITER_TRUST:
        options->trust_owner = true;
        options->trusted_uid = parse_user(verb, "--trust", optarg);
        break;
    }
}

void writer_arguments_init(struct writer_arguments *arguments)
{
    *arguments = (struct writer_arguments){
        .options = MMS_WRITER_OPTIONS_INIT,
        .mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT,
    };
    arguments->options.mmap_sync = &arguments->mmap_sync;
}

void set_writer_option(const struct verb *verb, struct writer_arguments *arguments, int option)
{
    mms_writer_options *options = &arguments->options;

    switch (option) {
    case WRITER_MAX_SIZE: options->max_size = parse_max_size(verb, optarg); break;
    case WRITER_MAX_SLOTS: options->max_slots = (uint32_t)parse_number(verb, "--max-slots", optarg, 2, 32767); break;
    case WRITER_MAX_READERS:
        options->max_readers = (uint32_t)parse_number(verb, "--max-readers", optarg, 1, 65535);
        break;
    case WRITER_REPLACE: options->replace = true; break;
    case WRITER_DURABLE: options->durable = MMS_DURABLE_COMMIT; break;
    case WRITER_GRACE: options->grace_ms = parse_wait(verb, "--grace", optarg); break;
    case WRITER_EVICT: options->on_grace = MMS_EVICT; break;
    case WRITER_RESET: arguments->mmap_sync.reset = true; break;
    case WRITER_UNLOCKED: arguments->mmap_sync.unlocked = true; break;
    case WRITER_FORMAT: arguments->format = parse_format(verb, "--format", optarg); break;
    case WRITER_LOCK_WAIT: options->lock_wait_ms = parse_wait(verb, "--lock-wait", optarg); break;
    case WRITER_FENCE: options->fence = parse_fence(verb, optarg); break;
    case WRITER_HUGE_PAGES: options->huge_pages = parse_huge_pages(verb, optarg); break;
    case WRITER_EXPECT:
        arguments->expects = true;
        arguments->expected = parse_number(verb, "--expect", optarg, 0, UINT64_MAX);
        break;
    case WRITER_KEEP:
        arguments->keeps = true;
        options->keep = (uint8_t)parse_number(verb, "--keep", optarg, 0, UINT8_MAX);
        break;
    case WRITER_FORCE_FILESYSTEM: options->force_filesystem = true; break;
    default: set_right(verb, options, option);
    }
}

static int fail_expected(const struct writer_arguments *arguments, const char *path, uint64_t generation)
{
    return fail("the newest generation of %s is %llu, and %llu was expected; nothing was published", path,
                (unsigned long long)generation, (unsigned long long)arguments->expected);
}

int look_before_open(struct writer_arguments *arguments, const char *path)
{
    mms_info *before = &arguments->before;

    if (mms_inspect(path, before) != 0) {
        *before = (mms_info){0};
        return EXIT_OK;
    }
    if (!arguments->keeps && before->keep <= UINT8_MAX)
        arguments->options.keep = (uint8_t)before->keep;
    if (!arguments->expects || !arguments->options.replace || before->generation == arguments->expected ||
        recovery_is_due(before)) /* which the open brings */
        return EXIT_OK;
    return fail_expected(arguments, path, before->generation);
}

/* Is this what was there before the open, in a region that the open made anew? Such a value keeps its time, and gets the next
   generation. */
static bool is_carried(const struct writer_arguments *arguments, const mms_info *info)
{
    const mms_info *before = &arguments->before;

    return arguments->options.replace && before->generation != 0 && info->generation == before->generation + 1 &&
           info->publish_time_ns == before->publish_time_ns &&
           memcmp(info->region_id, before->region_id, sizeof info->region_id) != 0;
}

int check_expected(const struct writer_arguments *arguments, const char *path)
{
    mms_info info;
    int code;

    if (!arguments->expects)
        return EXIT_OK;
    if (arguments->mmap_sync.unlocked)
        return fail("--expect needs the write lock, which --unlocked does without; nothing was published");
    code = mms_inspect(path, &info);
    if (code)
        return fail_call(code);
    if (info.generation - is_carried(arguments, &info) == arguments->expected)
        return EXIT_OK;
    return fail_expected(arguments, path, info.generation);
}

void remove_if_empty(const char *path)
{
    mms_info info;

    if (!mms_inspect(path, &info) && !info.generation)
        mms_remove(path);
}
