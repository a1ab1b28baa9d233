/* SPDX-License-Identifier: Apache-2.0 */
/* Random changes by setters, in values of every type: what is published has, byte for byte, the archive
   of the value that was changed the same way in memory: of each type in the language, and of random
   types. Values that are none are refused, and change nothing. Two values are equal if and only if they
   print alike. */
#include "board.h"
#include "corpus.h"
#include "json_input.h"
#include "random_schema.h"
#include "random_setters.h"
#include "schema/schema.h"
#include "scratch.h"
#include "setters.h"
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 60, RANDOM_TYPES = 200, RANDOM_ROUNDS = 4, CHANCE = 3 };

static unsigned changed;    /* parts of values */
static const char *subject; /* the schema of a random type */

struct run {
    struct random random;
    struct setters setters;
    mms_region *region;
    mms_reader *reader, *behind;
    const mms_archive *archive;
    void *value;  /* the input */
    mms_view old; /* that `behind` holds, and its bytes; NULL: it holds none */
    unsigned char *kept;
    size_t kept_size;
};

/* ---- Rounds ---- */

static unsigned char *archive_of(const struct run *run, size_t *size)
{
    unsigned char *bytes;

    check_ok(mms_archive_size(run->archive, run->value, size));
    bytes = corpus_allocate(*size);
    check_ok(mms_archive_write(run->archive, run->value, bytes, *size, size));
    return bytes;
}

static void check_view(const mms_view *view, const unsigned char *bytes, size_t size)
{
    if (subject && (view->size != size || memcmp(view->data, bytes, size) != 0))
        fprintf(stderr, "it is a value of\n%s", subject);
    check_equal(view->size, size);
    check_memory(view->data, bytes, size);
}

/* A view of some generation before, while the writer goes on. */
static void look_behind(struct run *run)
{
    if (!run->kept) {
        run->kept = archive_of(run, &run->kept_size);
        check_ok(mms_read(run->behind, &run->old));
    }
    check_view(&run->old, run->kept, run->kept_size);
    if (!random_one_in(&run->random, CHANCE))
        return;
    check_ok(mms_release(run->behind));
    free(run->kept);
    run->kept = NULL;
}

/* ---- Equality ---- */

static char *print(const struct run *run, const void *root)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    check_true(stream != NULL);
    check_ok(mms_archive_print(run->archive->type, root, stream));
    check_true(fclose(stream) == 0 && text);
    return text;
}

static unsigned equals, unequals;

/* Floats are as in Rust: NaN, which is printed as null, equals nothing, and 0 equals -0. */
static void compare(const struct run *run, const unsigned char *a, size_t a_size, const unsigned char *b, size_t b_size)
{
    const mms_type *type = run->archive->type;
    const void *one, *other;
    char *text, *other_text;
    bool equal;

    check_ok(mms_archive_check(run->archive, a, a_size, &one));
    check_ok(mms_archive_check(run->archive, b, b_size, &other));
    text = print(run, one);
    other_text = print(run, other);
    equal = mms_archive_equal(type, one, other);
    check_equal(mms_archive_equal(type, other, one), equal);
    if (equal != (strcmp(text, other_text) == 0) && !strstr(text, equal ? "-0" : "null") &&
        !strstr(other_text, equal ? "-0" : "null"))
        check_failed(__FILE__, __LINE__, "of\n%s\nand\n%s\nit says that they are %s\n%s", text, other_text,
                     equal ? "equal" : "not equal", subject ? subject : "");
    equals += equal;
    unequals += !equal;
    free(text);
    free(other_text);
}

/* ---- Changes ---- */

/* What is aborted stays in its slot, and is made good when that is next used. */
static void abandon(struct run *run)
{
    const void *root;
    size_t size;

    check_ok(mms_archive_update(run->setters.writer, run->archive, &root, &size, NULL));
    run->setters.aborting = true;
    random_setters(&run->setters, run->archive->type, run->value, root);
    run->setters.aborting = false;
    check_ok(mms_write_abort(run->setters.writer));
}

static void change_once(struct run *run)
{
    size_t size, found, size_before;
    unsigned char *bytes, *before = archive_of(run, &size_before);
    const void *root;
    mms_view view;

    if (random_one_in(&run->random, CHANCE))
        abandon(run);
    check_ok(mms_archive_update(run->setters.writer, run->archive, &root, &size, NULL));
    random_setters(&run->setters, run->archive->type, run->value, root);
    check_ok(mms_write_commit(run->setters.writer, size, NULL));
    bytes = archive_of(run, &found);
    check_ok(mms_read(run->reader, &view));
    check_equal(found, size);
    check_view(&view, bytes, found);
    check_ok(mms_archive_check(run->archive, view.data, view.size, NULL));
    check_ok(mms_release(run->reader));
    compare(run, before, size_before, bytes, found);
    compare(run, bytes, found, bytes, found);
    free(before);
    free(bytes);
    look_behind(run);
}

static void *value_of(struct json_input *in, const mms_type *type)
{
    void *value = calloc(1, type->input_size + 1);

    check_true(value && json_input(in, type, value));
    return value;
}

static void set_up(struct run *run, const char *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = 1 << 20;
    options.max_slots = 4;
    options.check_touch = true;
    check_ok(mms_writer_open(path, &options, &run->setters.writer));
    check_ok(mms_archive_publish(run->setters.writer, run->archive, run->value, NULL));
    check_ok(mms_region_open(path, NULL, &run->region));
    check_ok(mms_reader_open(run->region, &run->reader));
    check_ok(mms_reader_open(run->region, &run->behind));
}

static void tear_down(struct run *run, const char *path)
{
    check_ok(mms_reader_close(run->reader));
    check_ok(mms_reader_close(run->behind));
    check_ok(mms_region_close(run->region));
    check_ok(mms_writer_close(run->setters.writer));
    check_ok(mms_remove(path));
    free(run->kept);
    free(run->value);
}

static void change_often(const char *path, const mms_archive *archive, void *value, struct random random, int rounds)
{
    struct run run = {.random = random, .archive = archive, .value = value};

    run.setters.random = &run.random;
    set_up(&run, path);
    for (int i = 0; i < rounds; i++)
        change_once(&run);
    changed += run.setters.count;
    tear_down(&run, path);
}

static void change_json(const char *path, const mms_archive *archive, const char *json, uint64_t seed)
{
    struct json_input in = {.at = json};

    changed = 0;
    change_often(path, archive, value_of(&in, archive->type), (struct random){.state = seed}, check_rounds(ROUNDS));
    check_true(changed > 0);
    json_input_free(&in);
}

static void boards_change(void **state)
{
    const char *path = scratch_path(state, "region");

    for (uint64_t seed = 1; seed <= 3; seed++)
        change_json(path, &Board_archive, BOARD_JSON, seed);
}

static void values_of_all_types_change(void **state)
{
    const char *path = scratch_path(state, "region");
    const struct corpus_value *value;

    for (size_t i = 0; (value = corpus_value(i)) != NULL; i++)
        change_json(path, value->archive, value->json, i + 1);
}

/* Another random value, of other counts. */
static void compare_with_another(const mms_archive *archive, void *value, struct random random)
{
    struct run run = {.random = {.state = random.state + 1}, .archive = archive, .value = value};
    size_t size, other_size;
    unsigned char *bytes = archive_of(&run, &size), *other_bytes;
    void *other = calloc(1, archive->type->input_size + 1);

    check_true(other != NULL);
    random_value(&run.random, archive->type, other);
    run.value = other;
    other_bytes = archive_of(&run, &other_size);
    compare(&run, bytes, size, other_bytes, other_size);
    random_free(&run.random);
    free(other_bytes);
    free(bytes);
    free(other);
}

static void change_random_type(const char *path, uint64_t seed, bool wide)
{
    struct random random = {.state = seed * 2 + wide + 1};
    char *text = random_schema(&random);
    struct schema schema;
    void *value;

    if (!schema_read(&schema, "random", text, strlen(text), "Root", wide, stderr))
        fail_msg("seed %llu: mmsc does not take this schema:\n%s", (unsigned long long)seed, text);
    value = calloc(1, schema.archive.type->input_size + 1);
    check_true(value != NULL);
    subject = text;
    random_value(&random, schema.archive.type, value);
    compare_with_another(&schema.archive, value, random);
    change_often(path, &schema.archive, value, random, RANDOM_ROUNDS);
    random_free(&random);
    schema_free(&schema);
    subject = NULL;
    free(text);
}

/* Types and values that nobody has thought of. */
static void values_of_random_types_change(void **state)
{
    const char *path = scratch_path(state, "region");

    changed = 0;
    for (int seed = 0; seed < check_rounds(RANDOM_TYPES); seed++)
        change_random_type(path, (uint64_t)seed, seed % 4 == 3);
    check_true(changed > RANDOM_TYPES);
    check_true(equals > RANDOM_TYPES && unequals > RANDOM_TYPES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(boards_change),
        scratch_test(values_of_all_types_change),
        scratch_test(values_of_random_types_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
