/* SPDX-License-Identifier: Apache-2.0 */
/* Writing large values while the kernel refuses huge pages for them: they lie in small ones, or the
   write is an error that says why, as the option has it. No value is lost. */
#include "answers.h"
#include "os/huge_pages.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <string.h>

enum { LARGE_VALUE = 8 << 20 };

static const char large_value[LARGE_VALUE];

static mms_writer *writer_in_huge_pages(const char *path, mms_huge_pages wanted)
{
    mms_writer_options options = sample_options();

    options.max_size = LARGE_VALUE;
    options.huge_pages = wanted;
    return sample_writer_with(path, options);
}

/* Skips the test where there are none. */
static void need_huge_pages(void **state)
{
    const char *path = scratch_path(state, "probe");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    int code;

    if (mms__huge_page() == 0 || mms__huge_page() > LARGE_VALUE / 4)
        skip_because("huge pages have %zu bytes here", mms__huge_page());
    options.max_size = LARGE_VALUE;
    options.huge_pages = MMS_HUGE_PAGES_ON;
    code = mms_writer_open(path, &options, &writer);
    if (code == -EOPNOTSUPP)
        skip_because("%s", mms_last_error());
    check_ok(code);
    code = mms_write(writer, large_value, LARGE_VALUE, NULL);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
    if (code != 0)
        skip_because("%s", mms_last_error());
}

/* Publish while one call after the other of a kind fails, that often each. Whatever comes of it, no
   value is lost. Returns for which calls the publish failed for want of huge pages, a bit for each. */
static unsigned publish_while_refused(const char *path, mms_huge_pages wanted, enum inject_kind kind, int error,
                                      unsigned times)
{
    unsigned calls = 1, failed = 0;

    for (unsigned nth = 0; nth <= calls; nth++) {
        mms_writer *writer = writer_in_huge_pages(path, wanted);
        int code;

        publish_text(writer, "before");
        fail_from_here(kind, nth, error, times);
        code = mms_write(writer, large_value, LARGE_VALUE, NULL);
        calls = nth == 0 ? counts->of[kind] : calls;
        inject_disarm();
        if (code != 0) {
            check_true(code == -error || code == -EAGAIN || /* what is interrupted again and again, or has no place */
                       (error == EINVAL && code == -EOPNOTSUPP)); /* of getting the first small pages */
            failed |= (unsigned)(strstr(mms_last_error(), "in huge pages") != NULL) << nth;
            check_copies(path, "before");
        }
        check_ok(mms_write(writer, large_value, LARGE_VALUE, NULL));
        check_ok(mms_verify(path, NULL, NULL));
        check_ok(mms_writer_close(writer));
        check_ok(mms_remove(path));
    }
    check_true(calls > 0 && calls < 32);
    return failed;
}

static void check_refused(const char *path, enum inject_kind kind, int error, unsigned times)
{
    check_equal(publish_while_refused(path, MMS_HUGE_PAGES_AUTO, kind, error, times), 0);
    check_true(publish_while_refused(path, MMS_HUGE_PAGES_ON, kind, error, times) != 0);
}

/* Huge pages that are only delayed are asked for three times. */
static void check_delayed(const char *path, int error)
{
    unsigned twice = publish_while_refused(path, MMS_HUGE_PAGES_ON, INJECT_madvise, error, 2);
    unsigned thrice = publish_while_refused(path, MMS_HUGE_PAGES_ON, INJECT_madvise, error, 3);

    check_true((thrice & ~twice) != 0);
    check_refused(path, INJECT_madvise, error, 3);
}

static void huge_pages_that_are_refused_are_small_or_an_error(void **state)
{
    const char *path = scratch_path(state, "region");

    need_huge_pages(state);
    check_refused(path, INJECT_madvise, ENOMEM, 1);
    check_refused(path, INJECT_madvise, EBUSY, 1);
    check_refused(path, INJECT_madvise, EINVAL, 1);
    check_delayed(path, EAGAIN);
    check_delayed(path, EINTR);
}

/* The mapping that they are made through. */
static void mapping_that_is_refused_is_small_pages_or_an_error(void **state)
{
    need_huge_pages(state);
    check_refused(scratch_path(state, "region"), INJECT_mmap, ENOMEM, 1);
}

/* The question at the open comes first. */
static void kernel_without_huge_pages_is_told_at_the_open(void **state)
{
    mms_writer_options options = sample_options();
    unsigned refused = 0, calls = 1;

    need_huge_pages(state);
    options.huge_pages = MMS_HUGE_PAGES_ON;
    for (unsigned nth = 0; nth <= calls; nth++) {
        mms_writer *writer;
        int code;

        fail_from_here(INJECT_madvise, nth, EINVAL, 1);
        code = mms_writer_open(scratch_path(state, "region"), &options, &writer);
        calls = nth == 0 ? counts->of[INJECT_madvise] : calls;
        inject_disarm();
        if (code == -EOPNOTSUPP) {
            check_detail_mentions("Linux 6.1");
            refused++;
        }
        check_ok(mms_writer_close(writer));
    }
    check_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test(huge_pages_that_are_refused_are_small_or_an_error),
        answers_test(mapping_that_is_refused_is_small_pages_or_an_error),
        answers_test(kernel_without_huge_pages_is_told_at_the_open),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
