/* SPDX-License-Identifier: Apache-2.0 */
#include "lookout.h"
#include "os/clock.h"
#include "pattern.h"

mms_info inspect(const char *path)
{
    mms_info info;

    check_ok(mms_inspect(path, &info));
    return info;
}

mms_reader_info find_reader(const char *path, pid_t pid)
{
    static mms_reader_info readers[2048];
    size_t count;

    check_ok(mms_inspect_readers(path, readers, sizeof readers / sizeof *readers, &count));
    check_true(count <= sizeof readers / sizeof *readers);
    for (size_t i = 0; i < count; i++)
        if (readers[i].pid == pid)
            return readers[i];
    return (mms_reader_info){0};
}

bool is_gone(const char *path, pid_t pid)
{
    mms_reader_info reader = find_reader(path, pid);

    return reader.pid == 0 || !reader.alive;
}

uint64_t publish_pattern(mms_writer *writer, size_t size)
{
    mms_receipt receipt;
    void *buffer;

    check_ok(mms_write_begin(writer, size, &buffer, &receipt));
    pattern_fill(buffer, size, receipt.generation);
    check_ok(mms_write_commit(writer, size, &receipt));
    return receipt.generation;
}

uint64_t use_every_slot(mms_writer *writer, unsigned slots)
{
    uint64_t last = 0;

    for (unsigned i = 0; i < 2 * slots; i++)
        last = publish_pattern(writer, 36);
    return last;
}

void random_moment(uint64_t *random)
{
    uint64_t end = mms__now_ns() + pattern_random(random) % 400000;

    while (mms__now_ns() < end)
        continue;
}
