/* SPDX-License-Identifier: Apache-2.0 */
/* mms_verify: each finding comes only from the damage that it names, and a sound region gives none
   (region/verify.c). */
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct findings {
    unsigned count;
    char text[8192];
};

static void note(void *context, const char *finding)
{
    struct findings *findings = context;
    size_t used = strlen(findings->text);

    findings->count++;
    snprintf(findings->text + used, sizeof findings->text - used, "%s\n", finding);
}

/* One finding, which contains `text`. */
static void check_finds(const char *path, int code, const char *text)
{
    struct findings findings = {0};

    check_code(mms_verify(path, note, &findings), code);
    if (findings.count != 1 || !strstr(findings.text, text))
        check_failed(__FILE__, __LINE__, "expected one finding with \"%s\", found %u:\n%s", text, findings.count,
                     findings.text);
    check_code(mms_verify(path, NULL, NULL), code);
}

/* A region written several times, so that all slots were used, with a checksum. */
static const char *make_region(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.checksum = true;
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 9; i++)
        publish_text(writer, "a value to be checked");
    check_ok(mms_writer_close(writer));
    return path;
}

static uint64_t load_control(const char *path, size_t offset)
{
    uint64_t word;

    load_bytes(path, "control", offset, &word, sizeof word);
    return word;
}

static uint64_t current_word(const char *path)
{
    return load_control(path, offsetof(struct mms__control, current));
}

static size_t slot_field(unsigned slot, size_t field)
{
    return offsetof(struct mms__control, slots) + slot * sizeof(struct mms__descriptor) + field;
}

#define SLOT_FIELD(slot, field) slot_field((slot), offsetof(struct mms__descriptor, field))

static void sound_region_has_no_findings(void **state)
{
    const char *path = make_region(state);
    struct findings findings = {0};

    check_ok(mms_verify(path, note, &findings));
    check_equal(findings.count, 0);
}

static void region_in_use_has_no_findings(void **state)
{
    const char *path = make_region(state);
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    struct findings findings = {0};
    void *buffer;

    check_holds(reader, "a value to be checked");
    publish_text(writer, "newer");
    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    check_ok(mms_verify(path, note, &findings));
    check_equal(findings.count, 0);
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void lock_file_that_is_missing_is_found(void **state)
{
    const char *path = make_region(state);

    check_true(unlink(scratch_path(state, "region/lock")) == 0);
    check_finds(path, MMS_E_CORRUPT, "no regular file `lock`");
}

static void lock_file_that_others_may_take_is_found(void **state)
{
    const char *path = make_region(state);

    check_true(chmod(scratch_path(state, "region/lock"), 0640) == 0);
    check_finds(path, MMS_E_CORRUPT, "mode 0640");
}

static void words_of_control_out_of_range_are_found(void **state)
{
    const char *path = make_region(state);
    uint32_t bad = 7, good = MMS__ASYMMETRIC;

    patch_bytes(path, "control", offsetof(struct mms__control, fence), &bad, sizeof bad);
    check_finds(path, MMS_E_CORRUPT, "no fence mode 7");
    patch_bytes(path, "control", offsetof(struct mms__control, fence), &good, sizeof good);
    patch_bytes(path, "control", offsetof(struct mms__control, slots_used), &bad, sizeof bad);
    check_finds(path, MMS_E_CORRUPT, "7 slots are in use, but there are only 4");
}

static unsigned other_slot(const char *path)
{
    return (mms__word_slot(current_word(path)) + 1) % 4;
}

static void slots_out_of_range_are_found(void **state)
{
    const char *path = make_region(state);
    unsigned slot = other_slot(path);
    uint64_t kept = load_control(path, SLOT_FIELD(slot, allocated));

    patch_word(path, "control", SLOT_FIELD(slot, allocated), UINT64_C(1) << 40);
    check_finds(path, MMS_E_CORRUPT, "room for");
    patch_word(path, "control", SLOT_FIELD(slot, allocated), kept);
    patch_word(path, "control", SLOT_FIELD(slot, generation), MMS__GENERATION_MAX + 1);
    check_finds(path, MMS_E_CORRUPT, "over the limit");
}

static void two_slots_of_one_generation_are_found(void **state)
{
    const char *path = make_region(state);

    patch_word(path, "control", SLOT_FIELD(other_slot(path), generation), mms__word_generation(current_word(path)));
    check_finds(path, MMS_E_CORRUPT, "two slots have generation");
}

static void current_that_names_no_slot_is_found(void **state)
{
    const char *path = make_region(state);

    patch_word(path, "control", offsetof(struct mms__control, current), current_word(path) | 0xff);
    check_finds(path, MMS_E_CORRUPT, "never used");
}

static void current_that_disagrees_with_its_slot_is_found(void **state)
{
    const char *path = make_region(state);

    patch_word(path, "control", offsetof(struct mms__control, current), current_word(path) + (1 << MMS__SLOT_BITS));
    check_finds(path, MMS_E_CORRUPT, "and the slot has generation");
}

static void size_over_max_size_is_found(void **state)
{
    const char *path = make_region(state);

    patch_word(path, "control", SLOT_FIELD(mms__word_slot(current_word(path)), size), (64 << 10) + 1);
    check_finds(path, MMS_E_CORRUPT, "size 65537");
}

static void schema_that_does_not_fit_behind_the_value_is_found(void **state)
{
    const char *path = make_region(state);
    size_t field = SLOT_FIELD(mms__word_slot(current_word(path)), schema_size);
    struct mms__header header;

    load_bytes(path, "control", 0, &header, sizeof header);
    patch_word(path, "control", field, header.stride + 1);
    check_finds(path, MMS_E_CORRUPT, "of schema do not fit");
    patch_word(path, "control", field, header.stride); /* it would, if there were no value before it */
    check_finds(path, MMS_E_CORRUPT, "of schema do not fit");
}

static void every_changed_byte_of_the_data_is_found(void **state)
{
    const char *path = make_region(state);
    struct mms__header header;
    size_t start;

    load_bytes(path, "control", 0, &header, sizeof header);
    start = mms__word_slot(current_word(path)) * (size_t)header.stride;
    for (size_t i = 0; i < strlen("a value to be checked"); i++) {
        flip_bits(path, "data", start + i, 0x10);
        check_finds(path, MMS_E_CORRUPT, "the data has checksum");
        flip_bits(path, "data", start + i, 0x10);
    }
    flip_bits(path, "data", start + strlen("a value to be checked"), 0x10); /* behind the value: nobody's */
    check_ok(mms_verify(path, NULL, NULL));
}

static void data_file_of_another_length_is_found(void **state)
{
    const char *path = make_region(state);

    check_true(truncate(scratch_path(state, "region/data"), 4096) == 0);
    check_finds(path, MMS_E_CORRUPT, "data has 4096 bytes");
}

static void tombstone_is_found(void **state)
{
    const char *path = make_region(state);

    patch_word(path, "control", offsetof(struct mms__control, current), MMS__TOMBSTONE);
    check_finds(path, MMS_E_CORRUPT, "remove it again");
}

static void check_finds_line(const char *path, struct mms__line line, const char *text)
{
    static const struct mms__line none;
    uint32_t mark = 3;

    patch_bytes(path, "readers", offsetof(struct mms__readers, high_water), &mark, sizeof mark);
    patch_bytes(path, "readers", offsetof(struct mms__readers, lines) + 2 * sizeof line, &line, sizeof line);
    check_finds(path, MMS_E_CORRUPT, text);
    patch_bytes(path, "readers", offsetof(struct mms__readers, lines) + 2 * sizeof line, &none, sizeof none);
    check_ok(mms_verify(path, NULL, NULL));
}

static void scribbled_reader_lines_are_found(void **state)
{
    const char *path = make_region(state);

    check_finds_line(path, (struct mms__line){.owner = 5}, "line 2: there is no owner 5");
    check_finds_line(path, (struct mms__line){.mode = 3}, "fence mode 3");
    check_finds_line(path, (struct mms__line){.announce = 3}, "no valid tag");
    check_finds_line(path, (struct mms__line){.announce = 4 << 2 | MMS__IDLE}, "no valid tag");
    check_finds_line(path, (struct mms__line){.announce = UINT64_C(1) << 60 | MMS__EXACT}, "never given out");
}

static void high_water_mark_beyond_the_table_is_found(void **state)
{
    const char *path = make_region(state);
    uint32_t mark = 5;

    patch_bytes(path, "readers", offsetof(struct mms__readers, high_water), &mark, sizeof mark);
    check_finds(path, MMS_E_CORRUPT, "high-water mark 5");
}

/* ---- The file `changes` ---- */

static const char *make_updated_region(void **state)
{
    const char *path = make_region(state);
    mms_writer *writer = sample_writer(path);
    size_t size;
    void *buffer;

    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 0, "A", 1));
    check_ok(mms_write_commit(writer, size, NULL));
    check_ok(mms_writer_close(writer));
    return path;
}

static void records_that_are_damaged_are_found(void **state)
{
    const char *path = make_updated_region(state);
    uint64_t at = load_control(path, SLOT_FIELD(mms__word_slot(current_word(path)), changes_at)), size;

    load_bytes(path, "changes", offsetof(struct mms__changes, ring_size), &size, sizeof size);
    patch_word(path, "changes", sizeof(struct mms__changes) + (size_t)(at % size), 4711);
    check_finds(path, MMS_E_CORRUPT, "changes: the records");
}

/* It leads to no records: what is wrong with it is found once. */
static void records_of_a_damaged_current_are_not_looked_for(void **state)
{
    const char *path = make_updated_region(state);
    size_t current = offsetof(struct mms__control, current);
    uint64_t word = current_word(path);

    patch_word(path, "control", current, MMS__TOMBSTONE);
    check_finds(path, MMS_E_CORRUPT, "remove it again");
    patch_word(path, "control", current, word | ((1 << MMS__SLOT_BITS) - 1));
    check_finds(path, MMS_E_CORRUPT, "never used");
    patch_word(path, "control", current, 0);
    check_ok(mms_verify(path, NULL, NULL));
    patch_word(path, "control", current, word);
    /* As for a whole value. */
    patch_word(path, "control", SLOT_FIELD(mms__word_slot(word), changes_at), 0);
    check_ok(mms_verify(path, NULL, NULL));
}

static void empty_file_of_changes_is_no_damage(void **state)
{
    const char *path = make_updated_region(state);

    /* Its writer died before it filled it. */
    check_true(truncate(scratch_path(state, "region/changes"), 0) == 0);
    check_ok(mms_verify(path, NULL, NULL));
}

static void file_of_changes_of_a_wrong_size_is_found(void **state)
{
    const char *path = make_updated_region(state), *text = "changes: it is damaged";
    const uint64_t sizes[] = {0, 2048, (64 << 10) + 4096, 32 << 10, 128 << 10, UINT64_MAX};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        patch_word(path, "changes", offsetof(struct mms__changes, ring_size), sizes[i]);
        check_finds(path, MMS_E_CORRUPT, text);
    }
    patch_word(path, "changes", offsetof(struct mms__changes, ring_size), 64 << 10);
    check_ok(mms_verify(path, NULL, NULL));
    for (size_t i = 0; i < 3; i++) { /* sizes that no ring has, even if the file is as long */
        patch_word(path, "changes", offsetof(struct mms__changes, ring_size), sizes[i]);
        check_true(truncate(scratch_path(state, "region/changes"), (off_t)(sizeof(struct mms__changes) + sizes[i])) ==
                   0);
        check_finds(path, MMS_E_CORRUPT, text);
    }
    check_true(truncate(scratch_path(state, "region/changes"), 100) == 0);
    check_finds(path, MMS_E_CORRUPT, text);
    check_true(unlink(scratch_path(state, "region/changes")) == 0);
    check_true(symlink("data", scratch_path(state, "region/changes")) == 0);
    check_finds(path, MMS_E_CORRUPT, text);
}

static void damaged_headers_are_the_finding_and_the_code(void **state)
{
    const char *path = make_region(state);

    flip_bits(path, "readers", 120, 1);
    check_finds(path, MMS_E_CORRUPT, "readers is damaged");
    flip_bits(path, "control", 0, 1);
    check_finds(path, MMS_E_NOT_REGION, "does not start like a file of a region");
}

static void path_to_nowhere_is_no_finding_and_a_bad_one_is(void **state)
{
    struct findings findings = {0};

    check_code(mms_verify(scratch_path(state, "missing/region"), note, &findings), -ENOENT);
    check_equal(findings.count, 0);
    check_finds(NULL, MMS_E_INVALID, "path");
}

/* ---- What the callback does ---- */

struct remembered {
    char before[700], after[700];
};

/* Makes a call of its own, which fails. */
static void look_elsewhere(void *context, const char *finding)
{
    struct remembered *remembered = context;

    snprintf(remembered->before, sizeof remembered->before, "%s", finding);
    check_true(mms_inspect("mmsync:/nowhere/at/all", &(mms_info){0}) < 0);
    snprintf(remembered->after, sizeof remembered->after, "%s", finding);
}

static void check_keeps_detail(const char *path, int code, const char *text)
{
    struct remembered remembered = {0};

    check_code(mms_verify(path, look_elsewhere, &remembered), code);
    check_detail_mentions(text);
    check_equal(mms_last_code(), code);
    check_true(strstr(remembered.before, text) != NULL);
    check_string(remembered.after, remembered.before);
}

static void remove_and_make_anew(void *context, const char *finding)
{
    const char *path = context;

    check_true(strstr(finding, "mode 0640") != NULL); /* the first; the second is of a region that is gone by then */
    check_ok(mms_remove(path));
    sample_closed_region(path, "newer");
}

/* What was found before it went was found, and the region that is there now is sound. */
static void finding_outlasts_its_region(void **state)
{
    const char *path = make_region(state);

    check_true(chmod(scratch_path(state, "region/lock"), 0640) == 0);
    patch_word(path, "control", SLOT_FIELD(0, generation), MMS__GENERATION_MAX + 1);
    check_code(mms_verify(path, remove_and_make_anew, (void *)(uintptr_t)path), MMS_E_CORRUPT);
    check_detail_mentions("1 findings");
    check_ok(mms_verify(path, NULL, NULL));
}

static void findings_outlast_calls_of_the_callback(void **state)
{
    const char *file = scratch_path(state, "file"), *prefix = scratch_path(state, "prefix");
    FILE *state_file = fopen(scratch_path(state, "prefix_state"), "w"), *other = fopen(file, "w");
    char below[700];

    check_true(state_file && fputs("hello", state_file) >= 0 && fclose(state_file) == 0);
    check_true(other && fclose(other) == 0);
    check_keeps_detail(prefix, MMS_E_CORRUPT, "has 5 bytes");
    check_keeps_detail(file, MMS_E_NOT_REGION, "not a directory");
    snprintf(below, sizeof below, "%s/below", file);
    check_keeps_detail(below, -ENOTDIR, "looking at what");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(sound_region_has_no_findings),
        scratch_test_on_disk(sound_region_has_no_findings),
        scratch_test(region_in_use_has_no_findings),
        scratch_test(lock_file_that_is_missing_is_found),
        scratch_test(lock_file_that_others_may_take_is_found),
        scratch_test(words_of_control_out_of_range_are_found),
        scratch_test(slots_out_of_range_are_found),
        scratch_test(two_slots_of_one_generation_are_found),
        scratch_test(current_that_names_no_slot_is_found),
        scratch_test(current_that_disagrees_with_its_slot_is_found),
        scratch_test(size_over_max_size_is_found),
        scratch_test(schema_that_does_not_fit_behind_the_value_is_found),
        scratch_test(every_changed_byte_of_the_data_is_found),
        scratch_test(data_file_of_another_length_is_found),
        scratch_test(tombstone_is_found),
        scratch_test(scribbled_reader_lines_are_found),
        scratch_test(high_water_mark_beyond_the_table_is_found),
        scratch_test(records_that_are_damaged_are_found),
        scratch_test(records_of_a_damaged_current_are_not_looked_for),
        scratch_test(empty_file_of_changes_is_no_damage),
        scratch_test(file_of_changes_of_a_wrong_size_is_found),
        scratch_test(damaged_headers_are_the_finding_and_the_code),
        scratch_test(finding_outlasts_its_region),
        scratch_test(findings_outlast_calls_of_the_callback),
        scratch_test(path_to_nowhere_is_no_finding_and_a_bad_one_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
