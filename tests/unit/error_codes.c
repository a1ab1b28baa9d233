/* SPDX-License-Identifier: Apache-2.0 */
/* Every code has a name, a text and, when it is returned, a detail (base/error.c). */
#include "base/error.h"
#include "base/libc.h"
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int code, value;
    const char *name;
} codes[] = {
#define ENTRY(name, value, text) {MMS_E_##name, value, "MMS_E_" #name},
    MMS_ERROR_MAP(ENTRY)
#undef ENTRY
};

enum { CODE_COUNT = sizeof codes / sizeof *codes };

static void every_code_has_its_name_and_a_text(void **state)
{
    (void)state;
    check_equal(CODE_COUNT, 22);
    for (int i = 0; i < CODE_COUNT; i++) {
        check_equal(codes[i].code, codes[i].value);
        check_string(mms_error_name(codes[i].code), codes[i].name);
        check_true(strlen(mms_strerror(codes[i].code)) > 10);
        check_true(strcmp(mms_strerror(codes[i].code), "unknown error") != 0);
    }
}

static void codes_are_distinct_and_below_every_errno(void **state)
{
    (void)state;
    for (int i = 0; i < CODE_COUNT; i++) {
        check_true(codes[i].code < -4095);
        for (int j = 0; j < i; j++)
            check_true(codes[i].code != codes[j].code);
    }
}

static void success_and_errno_codes_have_names_too(void **state)
{
    (void)state;
    check_string(mms_error_name(0), "OK");
    check_string(mms_strerror(0), "success");
    check_string(mms_error_name(-ENOSPC), "ENOSPC");
    check_string(mms_strerror(-ENOSPC), "No space left on device");
}

/* The list for C libraries without strerrorname_np, checked where there is that function to
   compare it with. */
static void listed_errnos_have_the_names_of_the_c_library(void **state)
{
    int listed = 0;

    (void)state;
    for (int error = 0; error < 4096; error++) {
        const char *name = mms__errno_name_listed(error);

        if (!name)
            continue;
        listed++;
        check_string(mms_error_name(-error), name);
        check_true(strlen(mms_strerror(-error)) > 4);
    }
    check_true(listed >= 40);
}

static void nonsense_has_a_name_and_a_text_and_no_crash(void **state)
{
    const int nonsense[] = {1, 5001, -4095, -4096, -5000, -5023, INT32_MAX, INT32_MIN, INT32_MIN + 1};

    (void)state;
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        check_string(mms_error_name(nonsense[i]), "UNKNOWN");
        check_string(mms_strerror(nonsense[i]), "unknown error");
    }
}

static void detail_ends_with_name_and_text_of_the_code(void **state)
{
    (void)state;
    check_equal(mms__fail(MMS_E_EMPTY, "reading %s", "a region"), MMS_E_EMPTY);
    check_string(mms_last_error(), "reading a region (MMS_E_EMPTY: the region holds no value yet)");
}

static void errno_becomes_a_code_and_never_success(void **state)
{
    char text[256];

    (void)state;
    errno = EMFILE;
    check_equal(mms__fail_errno("opening %s", "it"), -EMFILE);
    snprintf(text, sizeof text,
             "opening it; this process has no file descriptor left: close some, or raise the limit (ulimit -n) "
             "(EMFILE: %s)",
             strerror(EMFILE));
    check_string(mms_last_error(), text);
    errno = 0;
    check_true(mms__fail_errno("opening %s", "it") < 0);
}

static void machine_without_open_files_is_told_what_to_raise(void **state)
{
    (void)state;
    check_equal(mms__fail(-ENFILE, "opening it"), -ENFILE);
    check_true(strstr(mms_last_error(), "opening it; ") && strstr(mms_last_error(), "fs.file-max"));
}

static void overlong_detail_is_cut_not_overrun(void **state)
{
    char path[4096];

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    check_equal(mms__fail(MMS_E_GONE, "%s", path), MMS_E_GONE);
    check_true(strlen(mms_last_error()) > 100);
    check_true(strlen(mms_last_error()) < sizeof path);
}

static void success_leaves_the_detail(void **state)
{
    (void)state;
    mms__fail(MMS_E_TYPE, "something");
    check_ok(mms_region_close(NULL));
    check_detail_mentions("something");
}

static void *look_at_detail(void *seen)
{
    strcpy(seen, mms_last_error());
    mms__fail(MMS_E_BUSY, "another thread's");
    return NULL;
}

static void detail_belongs_to_the_thread_and_starts_empty(void **state)
{
    pthread_t thread;
    char seen[512] = "not looked at";

    (void)state;
    mms__fail(MMS_E_TYPE, "this thread's");
    check_true(pthread_create(&thread, NULL, look_at_detail, seen) == 0);
    pthread_join(thread, NULL);
    check_string(seen, "");
    check_detail_mentions("this thread's");
}

static void library_says_the_version_of_its_header(void **state)
{
    (void)state;
    check_string(mms_version(), MMS_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_name_and_a_text),
        cmocka_unit_test(codes_are_distinct_and_below_every_errno),
        cmocka_unit_test(success_and_errno_codes_have_names_too),
        cmocka_unit_test(listed_errnos_have_the_names_of_the_c_library),
        cmocka_unit_test(nonsense_has_a_name_and_a_text_and_no_crash),
        cmocka_unit_test(detail_ends_with_name_and_text_of_the_code),
        cmocka_unit_test(errno_becomes_a_code_and_never_success),
        cmocka_unit_test(machine_without_open_files_is_told_what_to_raise),
        cmocka_unit_test(overlong_detail_is_cut_not_overrun),
        cmocka_unit_test(success_leaves_the_detail),
        cmocka_unit_test(detail_belongs_to_the_thread_and_starts_empty),
        cmocka_unit_test(library_says_the_version_of_its_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
