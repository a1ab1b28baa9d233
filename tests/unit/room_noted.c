/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that a slot takes is recorded in `control` at every step, so that the next writer can
   free it wherever this one died (G6). slot_memory.c is compiled here with a look at the file at each of
   its steps. */
static void at_step(const char *name);

#define MMS__STEP(name) at_step(#name)
#include "region/slot_memory.c"
#undef MMS__STEP
#define MMS__STEP(name) ((void)0)
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static const struct mms__native_writer *watched; /* NULL: nobody looks */
static int data = -1;
static unsigned looks;

/* There is nothing beyond what is noted. */
static void at_step(const char *name)
{
    (void)name;
    if (!watched)
        return;
    looks++;
    for (unsigned slot = 0; slot < watched->pool.header.max_slots; slot++) {
        off_t stride = (off_t)watched->pool.header.stride, start = slot * stride;
        off_t noted = (off_t)mms__load_relaxed(&watched->control->slots[slot].allocated);
        off_t found = noted < stride ? lseek(data, start + noted, SEEK_DATA) : start + stride;

        check_true(found < 0 || found >= start + stride);
    }
}

static void publish_filled(mms_writer *writer, size_t size)
{
    void *buffer;

    check_ok(mms_write_begin(writer, size, &buffer, NULL));
    memset(buffer, 1, size);
    check_ok(mms_write_commit(writer, size, NULL));
}

static void what_a_slot_takes_is_noted_at_every_step(void **state)
{
    const size_t sizes[] = {1, 100000, 5000, 8 * MIB, 70000, 8 * MIB - 5, 0};
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    char file[4096];

    options.max_size = 8 * MIB;
    writer = sample_writer_with(path, options);
    snprintf(file, sizeof file, "%s/data", path);
    data = open(file, O_RDONLY | O_CLOEXEC);
    check_true(data >= 0);
    looks = 0;
    watched = mms__native_writer_of(writer);
    for (int i = 0; i < 21; i++)
        publish_filled(writer, sizes[i % 7]);
    for (int i = 0; i < 60; i++) /* until memory is freed */
        publish_filled(writer, 4000);
    watched = NULL;
    check_true(looks > 20);
    close(data);
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(what_a_slot_takes_is_noted_at_every_step)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
