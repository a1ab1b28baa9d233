/* SPDX-License-Identifier: Apache-2.0 */
/* Which boot a value on disk is from (region/boot.c): containers of one kernel with their own boot
   ids, time namespaces, and clocks. Mounting a boot id over the kernel's is what container
   managers do. */
#include "forked.h"
#include "region/boot.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define SECOND UINT64_C(1000000000)

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* ---- What it decides ---- */

static const struct mms__boot kernels = {{1, 2}, MMS__BOOT_ID_KERNELS, 1000000 * SECOND, 50 * SECOND};

static struct mms__boot masked(uint64_t id, uint64_t began, uint64_t up)
{
    return (struct mms__boot){{id, id}, MMS__BOOT_ID_MASKED, began, up};
}

static void check_verdict(struct mms__boot stored, struct mms__boot now, enum mms__boot_verdict expected)
{
    check_equal(mms__boot_compare(&stored, &now), expected);
}

static void ids_of_the_kernel_decide_alone(void **state)
{
    struct mms__boot other = kernels, old = kernels;

    (void)state;
    other.id[1] = 3;
    check_verdict(kernels, other, MMS__ANOTHER_BOOT);
    other = kernels;
    other.id[0] = 3;
    check_verdict(kernels, other, MMS__ANOTHER_BOOT);
    other = kernels;
    other.began_ns += 3600 * SECOND; /* the clock was set */
    other.up_ns += SECOND;
    check_verdict(kernels, other, MMS__SAME_BOOT);
    old.id_kind = 0; /* a file made by an older version */
    old.began_ns = old.up_ns = 0;
    check_verdict(old, kernels, MMS__SAME_BOOT);
    old.id[0] = 4;
    check_verdict(old, kernels, MMS__ANOTHER_BOOT);
}

static void masked_ids_leave_it_to_the_time_of_the_boot(void **state)
{
    uint64_t began = kernels.began_ns, up = kernels.up_ns;

    (void)state;
    check_verdict(kernels, masked(7, began, up), MMS__SAME_BOOT);
    check_verdict(masked(7, began, up), kernels, MMS__SAME_BOOT);
    check_verdict(masked(7, began, up), masked(8, began + SECOND / 2, up + SECOND), MMS__SAME_BOOT);
    check_verdict(masked(7, began, up), masked(8, began - SECOND / 2, up + SECOND), MMS__SAME_BOOT);
    check_verdict(masked(7, began, up), masked(7, began + 3600 * SECOND, up), MMS__SAME_BOOT); /* the id is the same */
    check_verdict(masked(7, began, up), masked(8, began, up - 1), MMS__ANOTHER_BOOT);
    check_verdict(masked(7, began, up), masked(8, began + up + 2 * SECOND, SECOND), MMS__ANOTHER_BOOT);
    check_verdict(masked(7, began, up), masked(8, began + up + 2 * SECOND, 10 * up), MMS__ANOTHER_BOOT);
}

static void clock_that_was_set_leaves_it_open(void **state)
{
    uint64_t began = kernels.began_ns, up = kernels.up_ns;

    (void)state;
    check_verdict(masked(7, began, up), masked(8, began - 3600 * SECOND, 2 * up), MMS__UNKNOWN_BOOT);
    check_verdict(masked(7, began, up), masked(8, began + 2 * SECOND, 2 * up), MMS__UNKNOWN_BOOT);
    check_verdict(masked(7, 0, 0), masked(8, began, up), MMS__UNKNOWN_BOOT);
    check_verdict(masked(7, began, up), masked(8, 0, 0), MMS__UNKNOWN_BOOT);
}

/* ---- Two live ids ---- */

/* In memory shared by children. The library reads the boot id once in a process, so everything
   that uses it runs in its own. */
static struct container {
    const char *region, *file; /* the boot id's */
    int part;                  /* of the mounted id; 0: the kernel's */
    uint64_t generation;       /* of the value there */
} * container;

/* False if this process may not. */
static bool mount_id(const char *file, int part)
{
    FILE *stream = fopen(file, "we");

    check_true(stream != NULL);
    check_true(fprintf(stream, "%08d-1111-2222-3333-444444444444\n", part) > 0);
    check_true(fclose(stream) == 0);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(file, BOOT_ID, NULL, MS_BIND, NULL) == 0;
}

static void need_namespaces(const char *file)
{
    int status;
    pid_t child = fork();

    check_true(child >= 0);
    if (child == 0)
        _exit(mount_id(file, 1) ? 0 : 1);
    check_true(waitpid(child, &status, 0) == child);
    if (status != 0)
        skip_because(
            "no boot id can be mounted over the kernel's here: that needs root, and not every container allows it");
}

static void set_up(void **state)
{
    container->region = scratch_path(state, "region");
    container->file = scratch_path(state, "id");
    container->part = 0;
    need_namespaces(container->file);
}

static void enter_container(void)
{
    check_true(container->part == 0 || mount_id(container->file, container->part));
}

static void create(void *unused)
{
    (void)unused;
    enter_container();
    container->generation = sample_closed_region(container->region, "value");
}

static void check_value_is_there(void)
{
    mms_region *region = sample_region(container->region);
    mms_reader *reader = sample_reader(region);
    mms_info info;

    check_reads(reader, "value");
    check_equal(mms_generation(region), container->generation);
    check_ok(mms_inspect(container->region, &info));
    check_equal(info.generation, container->generation);
    check_ok(mms_verify(container->region, NULL, NULL));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void write_there(void)
{
    mms_writer *writer = sample_writer(container->region);

    check_copies(container->region, "value");
    check_equal(publish_text(writer, "value"), ++container->generation);
    check_ok(mms_writer_close(writer));
}

static void read_and_write(void *unused)
{
    (void)unused;
    enter_container();
    check_value_is_there();
    write_there();
}

/* Containers, each with its own id, and programs outside of them restart: the value stays, and
   each writer continues with the next generation. */
static void containers_with_their_own_ids_share_a_value(void **state)
{
    set_up(state);
    in_child(create, NULL);
    for (int round = 0; round < 12; round++) {
        container->part = round % 3 == 2 ? 0 : round + 1;
        in_child(read_and_write, NULL);
    }
    check_true(container->generation < 100);
}

static void region_made_in_a_container_is_used_outside_and_in_another(void **state)
{
    set_up(state);
    container->part = 9;
    in_child(create, NULL);
    container->part = 0;
    in_child(read_and_write, NULL);
    container->part = 8;
    in_child(read_and_write, NULL);
    check_true(container->generation < 100);
}

static void look_with_a_short_id(void *unused)
{
    mms_writer *writer;
    mms_writer_options options = sample_options();

    (void)unused;
    enter_container();
    check_true(truncate(container->file, 30) == 0); /* 26 of the 32 digits */
    check_code(mms_inspect(container->region, &(mms_info){0}), -EIO);
    check_detail_mentions("boot_id");
    check_code(mms_writer_open(container->region, &options, &writer), -EIO);
    check_detail_mentions("boot_id");
}

static void id_that_is_too_short_is_none(void **state)
{
    set_up(state);
    in_child(create, NULL);
    container->part = 3;
    in_child(look_with_a_short_id, NULL);
    container->part = 0;
    in_child(read_and_write, NULL); /* nothing is lost */
}

/* ---- A reboot, and a clock that was set ---- */

static void patch(size_t field, uint64_t value)
{
    patch_word(container->region, "control", field, value);
}

static void read_from_before_a_reboot(void *unused)
{
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    (void)unused;
    enter_container();
    region = sample_region(container->region);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_true(sample_closed_region(container->region, "after") > UINT64_C(1) << 32);
    check_reads(reader, "after");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void container_after_a_reboot_reads_nothing_old(void **state)
{
    set_up(state);
    in_child(create, NULL);
    patch(offsetof(struct mms__control, boot_began_ns), 1000 * SECOND); /* long ago */
    patch(offsetof(struct mms__control, boot_up_ns), 1);
    container->part = 7;
    in_child(read_from_before_a_reboot, NULL);
}

static void refuse_to_guess(void *unused)
{
    mms_writer_options options = sample_options();
    mms_info info;

    (void)unused;
    enter_container();
    check_code(mms_region_open(container->region, NULL, &(mms_region *){NULL}), -ESTALE);
    check_detail_mentions("mmsync rm");
    check_code(mms_writer_open(container->region, &options, &(mms_writer *){NULL}), -ESTALE);
    check_code(mms_inspect(container->region, &info), -ESTALE);
    check_code(mms_verify(container->region, NULL, NULL), -ESTALE);
}

static void follow_the_advice(void *unused)
{
    (void)unused;
    enter_container();
    check_ok(mms_remove(container->region));
    sample_closed_region(container->region, "anew");
    check_copies(container->region, "anew");
}

static void what_cannot_be_known_is_said_and_loses_nothing(void **state)
{
    size_t began = offsetof(struct mms__control, boot_began_ns);
    uint64_t word;

    set_up(state);
    in_child(create, NULL);
    load_bytes(container->region, "control", began, &word, sizeof word);
    patch(began, word + 7200 * SECOND); /* the clock was two hours ahead then */
    container->part = 6;
    in_child(refuse_to_guess, NULL);
    container->part = 0; /* a writer that ran where the last one did */
    in_child(read_and_write, NULL);
    container->part = 6;
    in_child(read_and_write, NULL);
    patch(began, word + 7200 * SECOND);
    in_child(follow_the_advice, NULL);
}

/* ---- Time namespaces ---- */

static void move_time_then_read_and_write(void *unused)
{
    int fd;

    (void)unused;
    if (unshare(CLONE_NEWTIME) != 0) {
        print_message("no time namespaces here: %s\n", strerror(errno));
        return;
    }
    fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    check_true(fd >= 0 && dprintf(fd, "boottime 864000 5\nmonotonic 86400 5\n") > 0);
    close(fd);
    in_child(read_and_write, NULL);
}

static void time_namespace_changes_nothing(void **state)
{
    set_up(state);
    in_child(create, NULL);
    container->part = 5;
    in_child(move_time_then_read_and_write, NULL);
    in_child(read_and_write, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_the_kernel_decide_alone),
        cmocka_unit_test(masked_ids_leave_it_to_the_time_of_the_boot),
        cmocka_unit_test(clock_that_was_set_leaves_it_open),
        scratch_test_on_disk(containers_with_their_own_ids_share_a_value),
        scratch_test_on_disk(region_made_in_a_container_is_used_outside_and_in_another),
        scratch_test_on_disk(id_that_is_too_short_is_none),
        scratch_test_on_disk(container_after_a_reboot_reads_nothing_old),
        scratch_test_on_disk(what_cannot_be_known_is_said_and_loses_nothing),
        scratch_test_on_disk(time_namespace_changes_nothing),
    };

    container = mmap(NULL, sizeof *container, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_true(container != MAP_FAILED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
