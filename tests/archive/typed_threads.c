/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: tsan */
/* Threads that read one type at the same time, from the process's first read on, each with its
   own reader. */
#include "hello.h"
#include "scratch.h"
#include <pthread.h>

enum { THREADS = 6, ROUNDS = 300, MESSAGES = 5 };

struct crowd {
    mms_region *region;
    pthread_barrier_t start;
};

static uint32_t version_of(const ArchivedHelloWorld *hello)
{
    for (size_t i = 0; i < MESSAGES; i++)
        if (Vec_String_at(&hello->messages, i).size != 10 + hello->version % 5)
            return 0;
    return hello->version;
}

/* NULL if all was well. */
static void *read_all(void *argument)
{
    struct crowd *crowd = argument;
    mms_reader *reader = NULL;
    const char *wrong = NULL;
    uint32_t last = 0;
    mms_view view;

    if (mms_reader_open(crowd->region, &reader) != 0)
        wrong = "open";
    pthread_barrier_wait(&crowd->start);
    while (!wrong && last < ROUNDS) {
        const ArchivedHelloWorld *hello =
            last % 2 ? HelloWorld_read(reader, &view) : HelloWorld_read_unchecked(reader, &view);
        uint32_t version = hello ? version_of(hello) : 0;

        if (version == 0 || version < last)
            wrong = hello ? "a wrong value" : "read";
        else if (mms_release(reader) != 0)
            wrong = "release";
        last = version;
    }
    mms_reader_close(reader);
    return (void *)(uintptr_t)wrong;
}

/* Publishes every other value as bytes from elsewhere, which one thread checks for all. */
static int publish_bytes(mms_writer *writer, const HelloWorld *hello)
{
    void *buffer;
    size_t size = 0;
    int code = mms_write_begin(writer, 4096, &buffer, NULL);

    if (code == 0)
        code = HelloWorld_serialize(hello, buffer, 4096, &size);
    if (code == 0)
        code = mms_write_set_type(writer, HelloWorld_archive.type_id, NULL, 0);
    return code == 0 ? mms_write_commit(writer, size, NULL) : code;
}

static int publish(mms_writer *writer, uint32_t version)
{
    mms_str texts[MESSAGES];
    HelloWorld hello = {version, {texts, MESSAGES}};

    for (size_t i = 0; i < MESSAGES; i++)
        texts[i] = (mms_str){"what is said again", 10 + version % 5};
    return version % 2 ? HelloWorld_write(writer, &hello, NULL) : publish_bytes(writer, &hello);
}

static void threads_share_a_type(void **state)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    const char *path = scratch_path(state, "region");
    struct crowd crowd = {.region = NULL};
    pthread_t threads[THREADS];
    mms_writer *writer;

    options.max_size = 1 << 16;
    options.fence = MMS_FENCE_SYMMETRIC; /* the only fences that the sanitizer understands */
    check_ok(mms_writer_open(path, &options, &writer));
    check_ok(publish(writer, 1));
    check_ok(mms_region_open(path, NULL, &crowd.region));
    assert_int_equal(pthread_barrier_init(&crowd.start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_all, &crowd), 0);
    for (uint32_t version = 2; version <= ROUNDS; version++)
        check_ok(publish(writer, version));
    for (int i = 0; i < THREADS; i++) {
        void *wrong;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_string_equal(wrong ? (const char *)wrong : "", "");
    }
    pthread_barrier_destroy(&crowd.start);
    check_ok(mms_region_close(crowd.region));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(threads_share_a_type)};

    return cmocka_run_group_tests_name("typed_threads", tests, NULL, NULL);
}
