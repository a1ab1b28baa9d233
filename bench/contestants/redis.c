/* SPDX-License-Identifier: Apache-2.0 */
/* Redis over a unix socket, through hiredis; a server of our own without persistence. Debian
   ships the server in redis-tools too, under another name; the program goes by the name that it
   is called by. */
#include "common.h"
#include "redis_own.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum { PIPELINE = 1000 };

static pid_t server;
redisContext *redis_own;
bool redis_texts;

static char version_text[64] = "unknown";

static const char *version(void)
{
    return version_text;
}

static void ask_version(void)
{
    redisReply *reply = redisCommand(redis_own, "INFO server");
    const char *at = reply && reply->str ? strstr(reply->str, "redis_version:") : NULL;

    if (at)
        (void)sscanf(at, "redis_version:%40[^\r\n]", version_text);
    if (reply)
        freeReplyObject(reply);
}

_Noreturn static void run_server(const char *directory)
{
    char socket_path[4096];
    int null = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(socket_path, sizeof socket_path, "%s/redis.sock", directory);
    dup2(null, 1);
    execlp(BENCH_REDIS, "redis-server", "--port", "0", "--unixsocket", socket_path, "--dir", directory, "--save", "",
           "--appendonly", "no", "--maxclients", "4000", (char *)NULL);
    _exit(127);
}

static redisContext *connect_to(const struct bench_place *place)
{
    char path[4096];
    redisContext *context;

    redis_texts = place->texts;
    snprintf(path, sizeof path, "%s/redis.sock", place->directory);
    context = redisConnectUnix(path);
    if (context && !context->err)
        return context;
    common_fail("connecting to %s: %s", path, context ? context->errstr : "no memory");
    if (context)
        redisFree(context);
    return NULL;
}

static int create(const struct bench_place *place)
{
    server = fork();
    if (server == 0)
        run_server(place->directory);
    for (int tries = 0; tries < 500 && !redis_own; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        redis_own = connect_to(place);
        if (!redis_own && waitpid(server, NULL, WNOHANG) == server)
            return common_fail("the Redis server exited at once (%s)", BENCH_REDIS);
    }
    if (!redis_own)
        return -1;
    ask_version();
    return 0;
}

static void destroy(void)
{
    redisFree(redis_own);
    redis_own = NULL;
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

int redis_fail(const char *what)
{
    return common_fail("Redis: %s", what);
}

static int check(redisReply *reply, redisContext *context)
{
    int code = reply && reply->type != REDIS_REPLY_ERROR ? 0 : redis_fail(reply ? reply->str : context->errstr);

    if (reply)
        freeReplyObject(reply);
    return code;
}

static int publish(const void *data, size_t size)
{
    return check(redisCommand(redis_own, "SET value %b", data, size), redis_own);
}

static void *reader_open(const struct bench_place *place)
{
    return connect_to(place);
}

static void reader_close(void *reader)
{
    redisFree(reader);
}

static redisReply *get(redisContext *context)
{
    redisReply *reply = redisCommand(context, "GET value");

    if (reply && reply->type == REDIS_REPLY_STRING)
        return reply;
    fputs("redis: GET gave nothing\n", stderr);
    _exit(1);
}

static uint64_t read_times(void *reader, size_t times)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < times; i++) {
        redisReply *reply = get(reader);

        sum += common_version_of(reply->str, (size_t)reply->len);
        freeReplyObject(reply);
    }
    return sum;
}

static uint64_t touch(void *reader, size_t size)
{
    redisReply *reply = get(reader);
    uint64_t found = common_touch(reply->str, size);

    freeReplyObject(reply);
    return found;
}

int redis_collect(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *reply = NULL;

        if (redisGetReply(redis_own, &reply) != REDIS_OK)
            return redis_fail(redis_own->errstr);
        freeReplyObject(reply);
    }
    return 0;
}

uint64_t redis_used_memory(void)
{
    redisReply *reply = redisCommand(redis_own, "INFO memory");
    const char *at = reply && reply->str ? strstr(reply->str, "used_memory:") : NULL;
    uint64_t bytes = at ? strtoull(at + 12, NULL, 10) : 0;

    if (reply)
        freeReplyObject(reply);
    return bytes;
}

static int table_build(size_t count, uint64_t *bytes)
{
    uint64_t before = redis_used_memory();
    size_t pending = 0;

    for (uint64_t i = 0; i < count; i++) {
        float items[BENCH_TABLE_LONGEST];
        size_t length = i % BENCH_TABLE_LONGEST + 1;
        uint64_t key = bench_table_key(i);

        for (size_t j = 0; j < length; j++)
            items[j] = (float)(i + j);
        redisAppendCommand(redis_own, "SET %b %b", &key, sizeof key, items, length * sizeof *items);
        if (++pending == PIPELINE || i + 1 == count) {
            if (redis_collect(pending) != 0)
                return -1;
            pending = 0;
        }
    }
    *bytes = redis_used_memory() - before;
    return 0;
}

static uint64_t table_find(void *reader, const uint64_t *indices, size_t count)
{
    uint64_t found = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t key = bench_table_key(indices[i]);
        redisReply *reply = redisCommand(reader, "GET %b", &key, sizeof key);
        float first = 0;

        if (reply && reply->type == REDIS_REPLY_STRING)
            memcpy(&first, reply->str, sizeof first);
        found += reply && reply->type == REDIS_REPLY_STRING && first == (float)indices[i];
        if (reply)
            freeReplyObject(reply);
    }
    return found;
}

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static struct bench_contestant contestant = {
        .abi = BENCH_ABI,
        .name = "redis",
        .version = version,
        .detail = common_detail,
        .create = create,
        .destroy = destroy,
        .write = publish,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .read = read_times,
        .touch = touch,
        .table_build = table_build,
        .table_find = table_find,
    };

    contestant.keys = redis_keys;
    return &contestant;
}
