/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/followed.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include "cli/stat.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Jansson's integers are signed. Only the user's tag and the version word of mmap-sync can be
   larger: see print_unsigned. */
static json_t *integer(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *id_or_null(const uint64_t id[2])
{
    char text[33];

    stat_format_id(text, id);
    return id[0] || id[1] ? json_string(text) : json_null();
}

static json_t *checksum_or_null(const mms_info *info)
{
    return info->has_checksum ? json_sprintf("%016" PRIx64, info->checksum) : json_null();
}

static json_t *describe_writer(const mms_info *info)
{
    json_t *alive = info->writer_alive < 0 ? json_null() : json_boolean(info->writer_alive);

    return json_pack("{s:o, s:o}", "alive", alive, "pid", integer((uint64_t)info->writer_pid));
}

static json_t *describe_reader(const mms_reader_info *reader)
{
    return json_pack("{s:o, s:o, s:o, s:b, s:b, s:o, s:s, s:b}", "line", integer(reader->line), "pid",
                     integer((uint64_t)reader->pid), "tid", integer((uint64_t)reader->tid), "alive", reader->alive,
                     "pinned", reader->pinned, "generation", reader->pinned ? integer(reader->generation) : json_null(),
                     "fences", reader->symmetric ? "symmetric" : "asymmetric", "allow_evict", reader->allow_evict);
}

static json_t *reader_list(const struct stat_state *state)
{
    json_t *list = json_array();

    for (size_t i = 0; i < state->listed; i++)
        json_array_append_new(list, describe_reader(&state->readers[i]));
    return list;
}

static void describe_readers(json_t *object, const mms_info *info, bool hidden)
{
    json_object_set_new(object, "readers_alive", hidden ? json_null() : integer(info->readers));
    json_object_set_new(object, "readers_dead", hidden ? json_null() : integer(info->readers_dead));
}

/* Values that do not exist yet are null, so that the keys are always the same. */
static void describe_value(json_t *object, const mms_info *info, const char *type_name)
{
    bool exists = info->generation != 0, timed = info->publish_time_ns != 0;

    json_object_set_new(object, "generation", integer(info->generation));
    json_object_set_new(object, "size", exists ? integer(info->size) : json_null());
    json_object_set_new(object, "slot", exists ? integer(info->slot) : json_null());
    json_object_set_new(object, "publish_time_ns", timed ? integer(info->publish_time_ns) : json_null());
    json_object_set_new(object, "age_ns", timed ? integer(stat_age_ns(info)) : json_null());
    json_object_set_new(object, "type_id", exists ? id_or_null(info->type_id) : json_null());
    json_object_set_new(object, "type", *type_name ? json_string(type_name) : json_null());
    json_object_set_new(object, "tag", exists ? integer(info->tag) : json_null());
    json_object_set_new(object, "checksum", exists ? checksum_or_null(info) : json_null());
}

static void describe_region(json_t *object, const mms_info *info)
{
    json_object_set_new(object, "region_id", id_or_null(info->region_id));
    json_object_set_new(object, "max_size", integer(info->max_size));
    json_object_set_new(object, "max_slots", integer(info->max_slots));
    json_object_set_new(object, "max_readers", integer(info->max_readers));
    json_object_set_new(object, "slots_used", integer(info->slots_used));
    json_object_set_new(object, "bytes_used", integer(info->bytes_used));
    json_object_set_new(object, "bytes_huge", integer(info->bytes_huge));
    json_object_set_new(object, "refused", integer(info->refused));
    json_object_set_new(object, "evicted", integer(info->evicted));
    json_object_set_new(object, "durable", json_boolean(info->durable));
    json_object_set_new(object, "durable_generation", info->durable ? integer(info->durable_generation) : json_null());
    json_object_set_new(object, "durable_lost", info->durable_lost ? integer(info->durable_lost) : json_null());
    json_object_set_new(object, "fences", json_string(info->symmetric ? "symmetric" : "asymmetric"));
}

static json_t *table_or_null(const struct stat_state *state)
{
    const mms_table_info *table = &state->table;

    if (!state->is_table)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "entries", integer(table->count), "buckets",
                     integer(table->buckets), "bytes", integer(table->bytes), "free_bytes", integer(table->free_bytes),
                     "key_size", integer(table->key_size), "value_size", integer(table->value_size), "max_bytes",
                     integer(table->max_bytes), "evicted", integer(table->evicted), "expired", integer(table->expired),
                     "expiring", table->expiring);
}

static json_t *source_or_null(const json_t *followed)
{
    const uint64_t then = followed_number(followed, "published_ns"), now = followed_number(followed, "applied_ns");

    if (!followed)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", followed_text(followed, "name"),
                     "url", followed_text(followed, "url"), "host", followed_text(followed, "host"), "path",
                     followed_text(followed, "path"), "region_id", followed_text(followed, "region_id"), "generation",
                     integer(followed_number(followed, "source_generation")), "own_generation",
                     integer(followed_number(followed, "generation")), "publish_time_ns", integer(then), "applied_ns",
                     integer(now), "lag_ns", then == 0 ? json_null() : json_integer((json_int_t)(now - then)));
}

static json_t *describe(const struct stat_state *state)
{
    const mms_info *info = &state->info;
    json_t *object = json_object();

    json_object_set_new(object, "region", json_text(state->path));
    json_object_set_new(object, "format", json_string(state->is_mmap_sync ? "mmap-sync" : "mmsync"));
    describe_value(object, info, state->type_name);
    json_object_set_new(object, "table", table_or_null(state));
    describe_region(object, info);
    json_object_set_new(object, "source", source_or_null(state->followed));
    json_object_set_new(object, "writer", describe_writer(info));
    describe_readers(object, info, state->readers_hidden);
    json_object_set_new(object, "readers", state->readers_hidden ? json_null() : reader_list(state));
    if (state->is_mmap_sync)
        json_object_set_new(
            object, "counts",
            json_pack("[o, o]", integer(state->mmap_sync.counts[0]), integer(state->mmap_sync.counts[1])));
    return object;
}

/* Print the text up to and including the number after a key, as unsigned; returns the rest. The
   key cannot be inside a string: there its quotation marks would be escaped. */
static const char *print_unsigned(const char *text, const char *key, uint64_t value)
{
    const char *number = strstr(text, key);

    if (!number || value <= INT64_MAX)
        return text;
    number += strlen(key);
    printf("%.*s%" PRIu64, (int)(number - text), text, value);
    return number + 1 + strspn(number + 1, "0123456789"); /* after the minus sign */
}

/* Takes the object. */
static int print_object(json_t *object, const mms_info *info)
{
    char *text = json_dumps(object, JSON_INDENT(2));
    const char *rest;

    json_decref(object);
    if (!text)
        return fail("cannot write JSON: out of memory");
    rest = print_unsigned(text, "\"generation\": ", info->generation);
    fputs(print_unsigned(rest, "\"tag\": ", info->tag), stdout);
    free(text);
    return EXIT_OK;
}

int stat_print_json(const struct stat_state *state)
{
    int status = print_object(describe(state), &state->info);

    putchar('\n');
    return status;
}

int stat_print_summary(const char *path, bool is_mmap_sync, const mms_info *info, const char *error)
{
    json_t *object = json_object();

    json_object_set_new(object, "region", json_text(path));
    json_object_set_new(object, "format", json_string(is_mmap_sync ? "mmap-sync" : "mmsync"));
    json_object_set_new(object, "error", error ? json_text(error) : json_null());
    if (!error) {
        describe_value(object, info, "");
        describe_region(object, info);
        json_object_set_new(object, "writer", describe_writer(info));
        describe_readers(object, info, false);
    }
    return print_object(object, info);
}
