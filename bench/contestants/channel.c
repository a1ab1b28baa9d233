/* SPDX-License-Identifier: Apache-2.0 */
/* The value itself goes through a pipe, or, with SOCKET, a pair of unix sockets, to one reader:
   the time until it is seen. */
#include "common.h"
#include <sys/socket.h>

static int ends[2] = {-1, -1};
static size_t value_size;
static unsigned char newest[4096];

static const char *version(void)
{
    return "-";
}

static int prepare(const struct bench_place *place)
{
#ifdef SOCKET
    int code = socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
#else
    int code = pipe(ends);
#endif
    value_size = place->max_size;
    if (value_size > sizeof newest)
        return common_fail("values up to %zu bytes only: larger ones are not sent in one piece", sizeof newest);
    return code == 0 ? 0 : common_fail("%s", strerror(errno));
}

static int create(const struct bench_place *place)
{
    (void)place;
    return 0;
}

static int publish(const void *data, size_t size)
{
    return write(ends[1], data, size) == (ssize_t)size ? 0 : common_fail("sending: %s", strerror(errno));
}

static int receive(void)
{
    return read(ends[0], newest, value_size) == (ssize_t)value_size ? 0 : common_fail("receiving: %s", strerror(errno));
}

static void *reader_open(const struct bench_place *place)
{
    (void)place;
    return receive() == 0 ? newest : NULL; /* the first value was sent before */
}

static void reader_close(void *reader)
{
    (void)reader;
}

static uint64_t read_times(void *reader, size_t times)
{
    uint64_t sum = 0;

    (void)reader;
    for (size_t i = 0; i < times; i++)
        sum += common_version_of(newest, value_size);
    return sum;
}

static int wait_for(void *reader, uint32_t seen)
{
    (void)reader;
    (void)seen;
    return receive();
}

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static const struct bench_contestant contestant = {
        .abi = BENCH_ABI,
#ifdef SOCKET
        .name = "socket",
#else
        .name = "pipe",
#endif
        .version = version,
        .detail = common_detail,
        .prepare = prepare,
        .create = create,
        .write = publish,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .read = read_times,
        .wait = wait_for,
    };

    return &contestant;
}
