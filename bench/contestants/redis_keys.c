/* SPDX-License-Identifier: Apache-2.0 */
#include "redis_own.h"
#include "values.h"

static uint64_t bytes_before;

static int load_begin(size_t count)
{
    (void)count;
    bytes_before = redis_used_memory();
    return 0;
}

static int append_all(const struct bench_some *some)
{
    size_t size = values_size(redis_texts);
    char value[VALUES_LONGEST];

    for (size_t i = 0; i < some->count; i++) {
        values_fill(value, size, some->numbers[i], some->stamp);
        if (redisAppendCommand(redis_own, "SET %b %b", some->keys[i].data, some->keys[i].size, value, size) != REDIS_OK)
            return redis_fail(redis_own->errstr);
    }
    return 0;
}

/* All of it in one pipeline. */
static int load(const struct bench_some *some)
{
    int code = append_all(some);

    return code == 0 ? redis_collect(some->count) : code;
}

static int load_end(uint64_t *bytes)
{
    *bytes = redis_used_memory() - bytes_before;
    return 0;
}

/* Several in a transaction. */
static int put(const struct bench_some *some)
{
    int code;

    if (some->count == 1)
        return load(some);
    redisAppendCommand(redis_own, "MULTI");
    code = append_all(some);
    redisAppendCommand(redis_own, "EXEC");
    return code == 0 ? redis_collect(some->count + 2) : code;
}

static bool is_whole(const redisReply *reply, const struct bench_some *some, size_t i)
{
    size_t wanted = values_size(redis_texts);

    return reply && reply->type == REDIS_REPLY_STRING && reply->len == wanted &&
           values_is(reply->str, wanted, some->numbers[i], some->stamp);
}

static uint64_t get(void *reader, const struct bench_some *some)
{
    uint64_t found = 0;

    for (size_t i = 0; i < some->count; i++) {
        redisReply *reply = redisCommand(reader, "GET %b", some->keys[i].data, some->keys[i].size);

        found += is_whole(reply, some, i);
        if (reply)
            freeReplyObject(reply);
    }
    return found;
}

enum { MOST_KEYS = 1024 };

static uint64_t get_many(void *reader, const struct bench_some *some)
{
    const char *words[MOST_KEYS + 1] = {"MGET"};
    size_t sizes[MOST_KEYS + 1] = {4};
    uint64_t found = 0;
    redisReply *reply;

    for (size_t i = 0; i < some->count && i < MOST_KEYS; i++) {
        words[i + 1] = some->keys[i].data;
        sizes[i + 1] = some->keys[i].size;
    }
    reply = redisCommandArgv(reader, (int)some->count + 1, words, sizes);
    for (size_t i = 0; reply && reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        found += is_whole(reply->element[i], some, i);
    if (reply)
        freeReplyObject(reply);
    return found;
}

const struct bench_keys redis_keys = {load_begin, load, load_end, put, get, get_many};
