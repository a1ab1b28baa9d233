/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Readers of another user: without write permission on `readers` they copy, with it they pin; they
   never write to anything else. */
#include "child.h"
#include "forked.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STRANGER = 65533 };

static void need_root(void)
{
    if (geteuid() != 0)
        skip_because("only root can start processes of another user");
}

static struct child start_as(const char *program, unsigned uid, unsigned gid)
{
    struct child child = child_start(program);

    child_expect(&child, "OK", "become %u %u", uid, gid);
    return child;
}

/* Files that NOBODY may only read: modes 0644, and 0600 for `readers`. */
static void readers_without_the_right_to_pin_copy(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer, reader;

    need_root();
    writer = child_start("writer");
    reader = start_as("reader", NOBODY, NOBODY);
    child_expect(&writer, "OK", "open %s mode=0644 readers_mode=0600 " SMALL_REGION, path);
    child_expect(&reader, "OK copy", "open %s", path);
    child_expect(&reader, "MMS_E_READ_ONLY", "reader");
    child_expect(&reader, "MMS_E_EMPTY", "copy");
    child_expect(&writer, "OK", "write 100");
    child_expect(&writer, "OK", "loop 1 65536");
    child_expect(&reader, "OK", "copies 2000");
    check_string(child_ask(&reader, "maps"), "OK");
    child_expect(&writer, "OK", "last");
    check_equal(child_number(&reader, "copy"), child_number(&writer, "last"));
    check_equal(inspect(path).readers, 0);
    child_end(&reader);
    child_end(&writer);
}

static uint64_t digest(const char *path, const char *name)
{
    uint64_t sum = 14695981039346656037u;
    unsigned char byte;
    char full[512];
    struct stat status;
    FILE *file;

    snprintf(full, sizeof full, "%s/%s", path, name);
    check_true(stat(full, &status) == 0);
    sum ^= (uint64_t)status.st_mtim.tv_nsec ^ (uint64_t)status.st_mtim.tv_sec << 30 ^ status.st_mode;
    check_true((file = fopen(full, "re")) != NULL);
    while (fread(&byte, 1, 1, file) == 1)
        sum = (sum ^ byte) * 1099511628211u;
    fclose(file);
    return sum;
}

static void check_mode(const char *path, const char *name, unsigned mode)
{
    char full[512];
    struct stat status;

    snprintf(full, sizeof full, "%s/%s", path, name);
    check_true(stat(full, &status) == 0);
    check_equal(status.st_mode & 07777, mode);
}

/* In the region's group, with the default modes, one may write `readers`, read `control` and
   `data`, and not open `lock`. */
static void a_reader_writes_nothing_but_readers(void **state)
{
    static const char *const others[] = {"control", "data", "lock"};
    const char *path = scratch_path(state, "region");
    uint64_t before[3];
    struct child writer, reader;

    need_root();
    writer = child_start("writer");
    reader = start_as("reader", NOBODY, NOBODY);
    child_expect(&writer, "OK", "open %s gid=%d " SMALL_REGION, path, NOBODY);
    check_mode(path, "lock", 0600);
    check_mode(path, "control", 0640);
    check_mode(path, "data", 0640);
    check_mode(path, "readers", 0660);
    child_expect(&reader, "OK pin", "open %s", path);
    child_expect(&writer, "OK", "write 100");
    child_expect(&writer, "OK", "loop 1 65536");
    child_expect(&reader, "OK", "spin 20000");
    child_expect(&reader, "OK", "copies 100");
    child_expect(&writer, "OK", "last");
    child_expect(&writer, "OK", "close");
    check_string(child_ask(&reader, "maps"), "OK readers");
    for (int i = 0; i < 3; i++)
        before[i] = digest(path, others[i]);
    child_expect(&reader, "OK", "spin 20000");
    child_expect(&reader, "OK", "more 3");
    child_expect(&reader, "MMS_E_TIMEOUT", "wait %llu 1", (unsigned long long)child_number(&reader, "generation"));
    child_expect(&reader, "OK", "copies 10");
    child_kill(&reader);
    for (int i = 0; i < 3; i++)
        check_equal(digest(path, others[i]), before[i]);
    child_end(&writer);
}

static void a_stranger_gets_nothing(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer, reader, rival;

    need_root();
    writer = child_start("writer");
    reader = start_as("reader", STRANGER, STRANGER);
    rival = start_as("writer", NOBODY, NOBODY);
    child_expect(&writer, "OK", "open %s gid=%d " SMALL_REGION, path, NOBODY);
    child_expect(&writer, "OK", "write 100");
    child_expect(&reader, "EACCES", "open %s", path);
    child_expect(&writer, "OK", "close");
    child_expect(&rival, "EACCES", "open %s lock_wait_ms=-2", path);
    child_end(&reader);
    child_end(&rival);
    child_end(&writer);
}

/* ---- What is opened for writing ---- */

static bool can_trace(void)
{
    return system("strace -qq -f -o /dev/null true >/dev/null 2>&1") == 0;
}

/* Each open with a right to write, in the order of the trace: "NAME " for each. */
static void list_writable_opens(const char *trace, char *names, size_t size)
{
    FILE *file = fopen(trace, "re");
    char line[1024], name[256];

    *names = 0;
    check_true(file != NULL);
    while (fgets(line, sizeof line, file)) {
        const char *call = strstr(line, "open"), *quote = call ? strchr(call, '"') : NULL;

        if (!quote || !(strstr(quote, "O_RDWR") || strstr(quote, "O_WRONLY") || strstr(quote, "O_CREAT")) ||
            sscanf(quote, "\"%255[^\"]\"", name) != 1 || strstr(name, ".gcda")) /* counts of a coverage build */
            continue;
        snprintf(names + strlen(names), size - strlen(names), "%s ", name);
    }
    fclose(file);
}

static struct child start_traced(const char *trace)
{
    const char *argv[] = {"strace", "-qq", "-f", "-e", "trace=%file,%desc", "-o", trace, child_program_path("reader"),
                          NULL};

    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* which uses ptrace itself */
    return child_start_command(argv);
}

static void readers_is_all_that_is_opened_for_writing(void **state)
{
    skip_under_emulator("strace would see the emulator's calls");
    const char *path = scratch_path(state, "region"), *trace = scratch_path(state, "trace");
    mms_writer *writer;
    struct child reader;
    char names[512];

    if (!can_trace())
        skip_because("strace is not installed, or may not trace here");
    writer = sample_writer(path);
    publish_pattern(writer, 5000);
    reader = start_traced(trace);
    child_expect(&reader, "OK pin", "open %s", path);
    child_expect(&reader, "OK", "read");
    publish_pattern(writer, 50000);
    child_expect(&reader, "OK", "refresh");
    child_expect(&reader, "OK", "wait 1 0");
    child_expect(&reader, "OK", "copy");
    child_expect(&reader, "OK", "more 2");
    child_expect(&reader, "MMS_E_FULL", "more 100");
    child_end(&reader);
    list_writable_opens(trace, names, sizeof names);
    check_true(strlen(names) > 0); /* or the trace was not understood */
    for (const char *name = names; *name; name += strlen("readers "))
        check_true(strncmp(name, "readers ", strlen("readers ")) == 0);
    check_ok(mms_writer_close(writer));
}

static void copying_opens_nothing_for_writing(void **state)
{
    skip_under_emulator("strace would see the emulator's calls");
    const char *path = scratch_path(state, "region"), *trace = scratch_path(state, "trace");
    mms_writer *writer;
    struct child reader;
    char names[512];

    if (!can_trace())
        skip_because("strace is not installed, or may not trace here");
    writer = sample_writer(path);
    publish_pattern(writer, 5000);
    reader = start_traced(trace);
    child_expect(&reader, "OK copy", "open %s copy", path);
    child_expect(&reader, "OK", "copies 10");
    child_end(&reader);
    list_writable_opens(trace, names, sizeof names);
    check_string(names, "");
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(readers_without_the_right_to_pin_copy),
        scratch_test(a_reader_writes_nothing_but_readers),
        scratch_test(a_stranger_gets_nothing),
        scratch_test(readers_is_all_that_is_opened_for_writing),
        scratch_test(copying_opens_nothing_for_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
