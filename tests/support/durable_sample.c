/* SPDX-License-Identifier: Apache-2.0 */
#include "durable_sample.h"
#include "region/anchor.h"

mms_writer_options durable_options(void)
{
    mms_writer_options options = sample_options();

    options.max_slots = 5;
    options.durable = MMS_DURABLE_COMMIT;
    return options;
}

void publish_and_close(const char *path, mms_writer_options options, const char *text)
{
    mms_writer *writer = sample_writer_with(path, options);

    publish_text(writer, text);
    check_ok(mms_writer_close(writer));
}

uint64_t durable_generation(const char *path)
{
    mms_info info;

    check_ok(mms_inspect(path, &info));
    check_true(info.durable);
    return info.durable_generation;
}

unsigned newest_anchor(const char *path)
{
    struct mms__anchor anchors[2];

    for (unsigned i = 0; i < 2; i++)
        load_bytes(path, "durable", mms__anchor_at(i), &anchors[i], sizeof anchors[i]);
    return anchors[1].sequence > anchors[0].sequence;
}

void flip_older_anchor(const char *path)
{
    flip_bits(path, "durable", mms__anchor_at(1 - newest_anchor(path)) + 3000, 1);
}
