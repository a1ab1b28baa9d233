/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/follow_state.h"
#include "cli/followed.h"
#include "cli/json_text.h"
#include "cli/lock_wait.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t parse_hex(const char *text)
{
    return strtoull(text, NULL, 16);
}

static bool parse_root(const char *text, struct hash *out)
{
    const size_t digits = 2 * sizeof out->bytes;

    if (strspn(text, "0123456789abcdefABCDEF") != digits || text[digits])
        return false;
    for (size_t i = 0; i < sizeof out->bytes; i++) {
        const char byte[] = {text[2 * i], text[2 * i + 1], '\0'};

        out->bytes[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    return true;
}

static void read_past(const json_t *object, uint64_t past[PAST_EPOCHS])
{
    const json_t *list = json_object_get(object, "past");

    for (size_t i = 0; i < PAST_EPOCHS; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        past[i] = text ? parse_hex(text) : 0;
    }
}

static json_t *describe_past(const uint64_t past[PAST_EPOCHS])
{
    json_t *list = json_array();

    for (size_t i = 0; i < PAST_EPOCHS && past[i] != 0; i++)
        (void)json_array_append_new(list, json_sprintf("%016" PRIx64, past[i]));
    return list;
}

void follow_state_read(const char *region, struct followed *out)
{
    json_t *object = followed_read(region);

    *out = (struct followed){.size = 0};
    if (!object)
        return;
    out->generation = followed_number(object, "generation");
    out->epoch = parse_hex(followed_text(object, "epoch"));
    out->source_generation = followed_number(object, "source_generation");
    out->sequence = followed_number(object, "sequence");
    out->size = followed_number(object, "size");
    out->base_generation = followed_number(object, "base_generation");
    read_past(object, out->past);
    if (!parse_root(followed_text(object, "root"), &out->root))
        out->sequence = 0; /* then nothing can be found by it */
    snprintf(out->name, sizeof out->name, "%s", followed_text(object, "name"));
    json_decref(object);
}

int follow_state_open(struct follow_state *state, const char *region, const mms_writer_options *options)
{
    mms_writer_options own = MMS_WRITER_OPTIONS_INIT;

    *state = (struct follow_state){.writer = NULL};
    if (!followed_path(region, state->path))
        return -ENAMETOOLONG;
    own.max_size = FOLLOWED_SIZE_MOST;
    own.max_slots = 8;
    own.max_readers = 64;
    own.on_grace = MMS_EVICT;
    own.lock_wait_ms = options->lock_wait_ms;
    own.fence = options->fence;
    own.mode = options->mode;
    own.readers_mode = options->readers_mode;
    own.gid = options->gid;
    own.has_gid = options->has_gid;
    own.trust_owner = options->trust_owner;
    own.trusted_uid = options->trusted_uid;
    own.force_filesystem = options->force_filesystem;
    own.huge_pages = MMS_HUGE_PAGES_OFF;
    own.durable = options->durable;
    own.replace = true; /* whatever its geometry was */
    return open_writer(state->path, &own, &state->writer);
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *describe(const struct followed *followed)
{
    char root[2 * sizeof followed->root.bytes + 1];

    for (size_t i = 0; i < sizeof followed->root.bytes; i++)
        snprintf(root + 2 * i, 3, "%02x", (unsigned)followed->root.bytes[i]);
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "name",
                     followed->name, "url", json_text(followed->url), "generation", number(followed->generation),
                     "source_generation", number(followed->source_generation), "size", number(followed->size),
                     "published_ns", number(followed->published_ns), "applied_ns", number(followed->applied_ns), "host",
                     json_text(followed->host), "path", json_text(followed->path), "region_id",
                     json_sprintf("%016" PRIx64 "%016" PRIx64, followed->region_id[0], followed->region_id[1]), "root",
                     root, "epoch", json_sprintf("%016" PRIx64, followed->epoch), "past", describe_past(followed->past),
                     "base_generation", number(followed->base_generation), "sequence", number(followed->sequence));
}

int follow_state_publish(struct follow_state *state, const struct followed *followed)
{
    json_t *object = describe(followed);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    int code = text ? mms_write(state->writer, text, strlen(text), NULL) : -ENOMEM;

    json_decref(object);
    free(text);
    return code;
}

void follow_state_close(struct follow_state *state)
{
    mms_writer_close(state->writer);
    state->writer = NULL;
}
