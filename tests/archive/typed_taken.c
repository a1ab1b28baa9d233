/* SPDX-License-Identifier: Apache-2.0 */
/* Typed readers next to a writer that takes their views away as soon as it may: by eviction, and
   in mmap-sync's files by resetting the count. Readers are processes, so that a fatal signal is
   noticed. They check in place, but look only into copies: docs/schema.md says why. */
#include "everything.h"
#include "hello.h"
#include "scratch.h"
#include <mmsync/mmap_sync.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { READERS = 2, TEXTS = 1500, PUBLISHES = 600, MOST_PUBLISHES = 200000, WANTED = 20 };

struct seen { /* by a reader */
    uint64_t good, evicted, copies, errors;
    char first_error[200];
};

struct board {
    struct seen seen[READERS];
    uint32_t over;
};

static void note_error(struct seen *seen)
{
    if (seen->errors++ == 0)
        snprintf(seen->first_error, sizeof seen->first_error, "%s", mms_last_error());
}

/* Only checks: the bytes may already change while it looks at them. */
static void read_in_place(mms_reader *reader, struct seen *seen)
{
    mms_view view;
    int code = HelloWorld_read(reader, &view) ? mms_release(reader) : mms_last_code();

    if (code == 0)
        seen->good++;
    else if (code == MMS_E_EVICTED)
        seen->evicted++;
    else
        note_error(seen);
}

static void read_a_copy(mms_region *region, void *buffer, size_t capacity, FILE *sink, struct seen *seen)
{
    const ArchivedHelloWorld *root = HelloWorld_read_copy(region, buffer, capacity, NULL, NULL);
    bool whole = root != NULL;

    for (size_t i = 0; root && i < Vec_String_count(&root->messages); i++)
        whole = whole && Vec_String_at(&root->messages, i).size == root->version % 50;
    if (root && (!whole || HelloWorld_print_json(root, sink) != 0 || !HelloWorld_equal(root, root)))
        note_error(seen);
    if (!root && mms_last_code() != MMS_E_AGAIN && mms_last_code() != MMS_E_EVICTED)
        note_error(seen);
    seen->copies += root != NULL;
}

static void run_reader(const char *path, mms_region_options options, struct board *board, struct seen *seen)
{
    static unsigned char buffer[1 << 20] __attribute__((aligned(16)));
    FILE *sink = fopen("/dev/null", "we");
    mms_region *region;
    mms_reader *reader;

    options.allow_evict = true;
    options.check_always = true; /* also what HelloWorld_write has made */
    if (!sink || mms_region_open(path, &options, &region) != 0 || mms_reader_open(region, &reader) != 0)
        _exit(1);
    for (unsigned turn = 0; !mms__load_relaxed(&board->over); turn++)
        if (turn % 8 < 6)
            read_in_place(reader, seen);
        else
            read_a_copy(region, buffer, sizeof buffer, sink, seen);
    mms_reader_close(reader);
    mms_region_close(region);
    _exit(0);
}

/* Values of very different shapes in turn, so that what was a text is an offset next. */
static void publish(mms_writer *writer, uint32_t version)
{
    static const char filling[64] = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
    static mms_str texts[TEXTS];
    HelloWorld value = {.version = version, .messages = {texts, 1 + version * 7919 % TEXTS}};
    int code;

    for (size_t i = 0; i < value.messages.count; i++)
        texts[i] = (mms_str){filling, version % 50};
    code = HelloWorld_write(writer, &value, NULL);
    if (code != 0 && code != MMS_E_AGAIN) /* a copying reader counts itself in, and does not allow it */
        fail_msg("%s", mms_last_error());
}

static uint64_t all_evicted(const struct board *board)
{
    uint64_t sum = 0;

    for (int i = 0; i < READERS; i++) /* 0 for those that are not running */
        sum += mms__load_relaxed(&board->seen[i].evicted);
    return sum;
}

static void run(const char *scheme, const mms_writer_options *given, int readers)
{
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char directory[128], path[160];
    mms_writer_options options = *given;
    mms_region_options region = MMS_REGION_OPTIONS_INIT;
    pid_t children[READERS];
    mms_writer *writer;

    assert_true(board != MAP_FAILED);
    snprintf(directory, sizeof directory, "/dev/shm/%s-XXXXXX", scratch_name());
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s%s/region", scheme, directory);
    options.max_size = 1 << 20;
    options.max_slots = 2;
    options.grace_ms = MMS_NO_WAIT;
    assert_int_equal(mms_writer_open(path, &options, &writer), 0);
    publish(writer, 1);
    for (int i = 0; i < readers; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            run_reader(path, region, board, &board->seen[i]);
    }
    for (uint32_t i = 2; i < MOST_PUBLISHES && (i < PUBLISHES || all_evicted(board) < WANTED); i++)
        publish(writer, i);
    mms__store_relaxed(&board->over, 1);
    for (int i = 0; i < readers; i++) {
        const struct seen *seen = &board->seen[i];
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        print_message("%llu good, %llu evicted, %llu copies\n", (unsigned long long)seen->good,
                      (unsigned long long)seen->evicted, (unsigned long long)seen->copies);
        assert_int_equal(status, 0);
        if (seen->errors > 0)
            fail_msg("%llu errors, the first: %s", (unsigned long long)seen->errors, seen->first_error);
    }
    assert_true(all_evicted(board) > 0);
    mms_writer_close(writer);
    mms_remove(path);
    rmdir(directory);
    munmap(board, sizeof *board);
}

static void readers_beside_a_writer_that_evicts(void **state)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    (void)state;
    options.on_grace = MMS_EVICT;
    run("mmsync:", &options, READERS);
}

/* One reader: mmap-sync's files count readers, so the count of a second one may stand in for the count that the writer has
   taken from the first, and the first cannot see its loss while the writer is still writing (docs/migrating.md). */
static void reader_beside_a_writer_that_resets(void **state)
{
    mms_mmap_sync_writer_options mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    (void)state;
    mmap_sync.reset = true;
    options.mmap_sync = &mmap_sync;
    run("mmap-sync:", &options, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_beside_a_writer_that_evicts),
        cmocka_unit_test(reader_beside_a_writer_that_resets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
