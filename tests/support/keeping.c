/* SPDX-License-Identifier: Apache-2.0 */
#include "keeping.h"
#include "region/writer.h"
#include <stdio.h>

mms_writer *keeping_writer(const char *path, uint8_t keep)
{
    mms_writer_options options = sample_options();

    options.max_slots = KEEPING_SLOTS;
    options.keep = keep;
    return sample_writer_with(path, options);
}

uint64_t publish_number(mms_writer *writer, unsigned number)
{
    char text[24];

    snprintf(text, sizeof text, "value %u", number);
    return publish_text(writer, text);
}

void check_number(const char *path, unsigned number)
{
    char text[24];

    snprintf(text, sizeof text, "value %u", number);
    check_copies(path, text);
}

size_t list_values(const char *path, mms_past_value out[KEEPING_SLOTS])
{
    size_t count;

    check_ok(mms_history(path, out, KEEPING_SLOTS, &count));
    check_true(count <= KEEPING_SLOTS);
    return count;
}

size_t count_kept(const char *path)
{
    mms_past_value values[KEEPING_SLOTS];
    size_t count = list_values(path, values), kept = 0;

    for (size_t i = 0; i < count; i++)
        kept += values[i].kept;
    return kept;
}

unsigned slot_of(const char *path, uint64_t generation)
{
    mms_past_value values[KEEPING_SLOTS];
    size_t count = list_values(path, values);

    for (size_t i = 0; i < count; i++)
        if (values[i].generation == generation)
            return values[i].slot;
    check_failed(__FILE__, __LINE__, "generation %llu is not listed", (unsigned long long)generation);
}

void check_pool(mms_writer *writer)
{
    const char *wrong = mms__pool_invariant(&mms__native_writer_of(writer)->pool);

    if (wrong)
        check_failed(__FILE__, __LINE__, "the pool is not consistent: %s", wrong);
}
