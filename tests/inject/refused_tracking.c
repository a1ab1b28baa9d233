/* SPDX-License-Identifier: Apache-2.0 */
/* Tracked updates (options.track) while the kernel refuses one of the calls that they need: the
   open of a writer says which and what to do, or values are compared as a whole, as the option has
   it. No store is lost. */
#include "answers.h"
#include "forked.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include "tracked.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 200000 };

struct refusal {
    enum inject_kind kind;
    int error;
    const char *says, *advises;
};

static const struct refusal refusals[] = {
    {INJECT_userfaultfd, EPERM, "userfaultfd(2) was refused", "seccomp"},
    {INJECT_userfaultfd, EACCES, "userfaultfd(2) was refused", "security module"},
    {INJECT_userfaultfd, ENOSYS, "userfaultfd(2) was refused", "CONFIG_USERFAULTFD"},
    {INJECT_userfaultfd, EINVAL, "userfaultfd(2) was refused", "Linux 6.7"},
    {INJECT_ioctl_uffd_api, EINVAL, "userfaultfd(2) cannot note stores", "Linux 6.7"},
    {INJECT_ioctl_uffd_register, EINVAL, "`data` cannot be noted", "Linux 6.7"},
    {INJECT_ioctl_scan, ENOTTY, "PAGEMAP_SCAN was refused", "Linux 6.7"},
    {INJECT_ioctl_scan, INJECT_SHORT, "PAGEMAP_SCAN was refused", ""}, /* success, but no page was looked at */
};

enum { REFUSALS = sizeof refusals / sizeof *refusals };

static void writer_that_must_track_is_told_at_the_open(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = tracked_options(MMS_TRACK_PAGES, SIZE);
    mms_writer *writer;

    need_page_tracking();
    make_region((void *)(uintptr_t)path);
    for (int i = 0; i < REFUSALS; i++) {
        fail_from_here(refusals[i].kind, 1, refusals[i].error, FOR_GOOD);
        options.replace = true;
        check_code(mms_writer_open(path, &options, &writer),
                   refusals[i].error == INJECT_SHORT ? -EIO : -refusals[i].error);
        inject_disarm();
        check_true(writer == NULL);
        check_detail_mentions(refusals[i].says);
        check_detail_mentions(refusals[i].advises);
        check_detail_mentions("options.track = MMS_TRACK_AUTO");
        check_copies(path, "value");
    }
}

static void writer_that_may_compare_does(void **state)
{
    need_page_tracking();
    for (int i = 0; i < REFUSALS; i++) {
        const char *path = scratch_path(state, "region");
        struct tracked tracked;

        fail_from_here(refusals[i].kind, 1, refusals[i].error, FOR_GOOD);
        tracked = tracked_open(path, MMS_TRACK_AUTO, SIZE);
        for (size_t at = 0; at < 10; at++) {
            tracked_update(&tracked, at * 20011 % SIZE);
            check_equal(tracked_compared(&tracked), SIZE);
        }
        inject_disarm();
        tracked_close(&tracked);
        check_ok(mms_remove(path));
    }
}

/* The last file that the open of a writer opens. */
static void pagemap_that_cannot_be_opened_is_told(void **state)
{
    static const struct {
        int error;
        const char *advises;
    } failures[] = {{ENOENT, "mount /proc"}, {EACCES, "PR_SET_DUMPABLE"}, {EPERM, "PR_SET_DUMPABLE"}, {EMFILE, ""}};
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = tracked_options(MMS_TRACK_PAGES, SIZE);
    mms_writer *writer;
    unsigned last;

    need_page_tracking();
    check_ok(mms_writer_open(path, &options, &writer));
    check_ok(mms_writer_close(writer));
    fail_from_here(INJECT_openat, 0, 0, 0);
    check_ok(mms_writer_open(path, &options, &writer));
    last = counts->of[INJECT_openat];
    inject_disarm();
    check_ok(mms_writer_close(writer));
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        fail_from_here(INJECT_openat, last, failures[i].error, 1);
        check_code(mms_writer_open(path, &options, &writer), -failures[i].error);
        inject_disarm();
        check_detail_mentions("/proc/self/pagemap cannot be opened");
        check_detail_mentions(failures[i].advises);
    }
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* A descriptor must not be that of a standard stream. For want of another one the call fails as if
   it had been refused, and leaves none behind. */
static void open_without_standard_input(void *path)
{
    const mms_writer_options options = tracked_options(MMS_TRACK_PAGES, SIZE);
    unsigned calls = 1, told = 0, open;
    mms_writer *writer;

    close(0);
    open = open_descriptors();
    for (unsigned nth = 0; nth <= calls; nth++) {
        fail_from_here(INJECT_fcntl_dupfd, nth, EMFILE, 1);
        if (mms_writer_open(path, &options, &writer) != 0)
            told += strstr(mms_last_error(), "userfaultfd(2) was refused") != NULL;
        calls = nth == 0 ? counts->of[INJECT_fcntl_dupfd] : calls;
        inject_disarm();
        check_ok(mms_writer_close(writer));
        check_equal(open_descriptors(), open);
    }
    check_equal(told, 1);
}

static void descriptor_that_cannot_be_moved_is_a_refusal(void **state)
{
    char *path = (char *)(uintptr_t)scratch_path(state, "region");

    need_page_tracking();
    in_child(open_without_standard_input, path);
}

/* What was refused for want of memory or descriptors is asked for again at the next update. */
static void short_want_is_no_refusal(void **state)
{
    static const int wants[] = {EMFILE, ENFILE, ENOMEM};

    need_page_tracking();
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        const char *path = scratch_path(state, "region");
        struct tracked tracked;

        fail_from_here(INJECT_userfaultfd, 1, wants[i], 1);
        tracked = tracked_open(path, MMS_TRACK_AUTO, SIZE);
        inject_disarm();
        tracked_update(&tracked, 100);
        check_equal(tracked_compared(&tracked), (uint64_t)sysconf(_SC_PAGESIZE));
        tracked_close(&tracked);
        check_ok(mms_remove(path));
    }
}

/* One call protects, the next asks; each may fail once. */
static void update_without_an_answer_compares_everything(void **state)
{
    struct tracked tracked;

    need_page_tracking();
    tracked = tracked_open(scratch_path(state, "region"), MMS_TRACK_PAGES, SIZE);
    for (size_t i = 0; i < 10; i++) {
        tracked_begin(&tracked);
        tracked_store(&tracked, i * 20011 % SIZE);
        fail_from_here(INJECT_ioctl_scan, 1, i % 2 == 0 ? EPERM : ENOMEM, 1);
        tracked_commit(&tracked, SIZE);
        inject_disarm();
        check_equal(tracked_compared(&tracked), SIZE);
        fail_from_here(INJECT_ioctl_scan, 1, EPERM, 1);
        tracked_update(&tracked, i * 10007 % SIZE);
        inject_disarm();
        check_equal(tracked_compared(&tracked), (uint64_t)sysconf(_SC_PAGESIZE));
    }
    tracked_close(&tracked);
}

static bool no_slot_is_taken(mms_writer *writer)
{
    const struct mms__pool *pool = &mms__native_writer_of(writer)->pool;

    for (uint32_t i = 0; i < pool->used; i++)
        if (pool->slots[i].state == MMS__SLOT_TAKEN)
            return false;
    return true;
}

/* The slot is free again, and no update is under way. */
static void update_that_cannot_track_is_not_begun(void **state)
{
    struct tracked tracked;
    size_t size;
    void *buffer;

    need_page_tracking();
    tracked = tracked_open(scratch_path(state, "region"), MMS_TRACK_PAGES, SIZE);
    for (size_t i = 0; i < 20; i++) {
        fail_from_here(INJECT_ioctl_scan, 1, EPERM, FOR_GOOD);
        check_code(mms_write_update(tracked.writer, SIZE, &buffer, &size, NULL), -EPERM);
        inject_disarm();
        check_detail_mentions("PAGEMAP_SCAN was refused");
        check_true(no_slot_is_taken(tracked.writer));
        tracked_update(&tracked, i * 10007 % SIZE);
        check_equal(tracked_compared(&tracked), (uint64_t)sysconf(_SC_PAGESIZE));
    }
    tracked_close(&tracked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test(writer_that_must_track_is_told_at_the_open),
        answers_test(writer_that_may_compare_does),
        answers_test(pagemap_that_cannot_be_opened_is_told),
        answers_test(descriptor_that_cannot_be_moved_is_a_refusal),
        answers_test(short_want_is_no_refusal),
        answers_test(update_without_an_answer_compares_everything),
        answers_test(update_that_cannot_track_is_not_begun),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
