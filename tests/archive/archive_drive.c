/* SPDX-License-Identifier: Apache-2.0 */
/* Archives by lines of text: for programs in other languages that compare theirs with ours.

   archive_drive SCHEMA ROOT [--offsets 32|64]; or compiled with -DDRIVE_HEADER='"x.h"' -DDRIVE_ROOT=X_archive, then
   without arguments. Lines in: encode JSON, size JSON, check HEX, print HEX, equal HEX HEX, typeid, and set JSON: the
   archive of the value after random calls of setters. Lines out: "ok ..." or "error ...". */
#include "corpus.h"
#include "json_input.h"
#include "random_setters.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef DRIVE_HEADER
#include DRIVE_HEADER
#else
#include "schema/schema.h"
#endif

struct bytes {
    unsigned char *data; /* exactly `size` bytes, so that a sanitizer sees each step outside */
    size_t size;
};

static void put_error(const char *text)
{
    fputs("error ", stdout);
    for (; *text; text++)
        putchar(*text == '\n' ? ' ' : *text);
    putchar('\n');
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct bytes from_hex(const char **text)
{
    struct bytes bytes = {NULL, 0};
    const char *at = *text + strspn(*text, " ");

    while (digit(at[bytes.size]) >= 0)
        bytes.size++;
    bytes.size /= 2;
    bytes.data = corpus_allocate(bytes.size);
    for (size_t i = 0; i < bytes.size; i++)
        bytes.data[i] = (unsigned char)(digit(at[2 * i]) << 4 | digit(at[2 * i + 1]));
    *text = at + 2 * bytes.size;
    return bytes;
}

static void put_hex(const unsigned char *bytes, size_t size)
{
    fputs("ok ", stdout);
    for (size_t i = 0; i < size; i++)
        printf("%02x", bytes[i]);
    putchar('\n');
}

static void write_value(const mms_archive *archive, const void *value, size_t size, bool only_size)
{
    unsigned char *buffer;
    size_t written;

    if (only_size) {
        printf("ok %zu\n", size);
        return;
    }
    buffer = corpus_allocate(size);
    if (mms_archive_write(archive, value, buffer, size, &written) != 0) {
        put_error(mms_last_error());
    } else if (written != size) {
        put_error("the size that was computed is not the size");
    } else {
        put_hex(buffer, size);
    }
    free(buffer);
}

static void encode(const mms_archive *archive, const char *text, bool only_size)
{
    struct json_input in = {.at = text};
    void *value = calloc(1, archive->type->input_size + 1);
    size_t size;

    if (!value)
        abort();
    if (!json_input(&in, archive->type, value))
        put_error(in.problem);
    else if (mms_archive_size(archive, value, &size) != 0)
        put_error(mms_last_error());
    else
        write_value(archive, value, size, only_size);
    json_input_free(&in);
    free(value);
}

/* ---- Setters ---- */

/* The update is not committed: its bytes are what is asked for. */
static void set_and_put(mms_writer *writer, const mms_archive *archive, void *value)
{
    static struct random random = {.state = 1};
    struct setters setters = {.random = &random, .writer = writer};
    const void *root;
    size_t size;

    if (mms_archive_publish(writer, archive, value, NULL) != 0 ||
        mms_archive_update(writer, archive, &root, &size, NULL) != 0) {
        put_error(mms_last_error());
        return;
    }
    random_setters(&setters, archive->type, value, root);
    put_hex((const unsigned char *)root + archive->type->size - size, size);
    mms_write_abort(writer);
}

/* In a region of its own, which is gone at once. */
static void set(const mms_archive *archive, const char *text)
{
    char directory[] = "/tmp/mmsync-test-XXXXXX", path[sizeof directory + 8];
    struct json_input in = {.at = text};
    void *value = calloc(1, archive->type->input_size + 1);
    mms_writer *writer = NULL;

    if (!value || !mkdtemp(directory))
        abort();
    snprintf(path, sizeof path, "%s/region", directory);
    if (!json_input(&in, archive->type, value))
        put_error(in.problem);
    else if (mms_writer_open(path, NULL, &writer) != 0)
        put_error(mms_last_error());
    else
        set_and_put(writer, archive, value);
    mms_writer_close(writer);
    if (writer)
        mms_remove(path);
    rmdir(directory);
    json_input_free(&in);
    free(value);
}

/* ---- Lines ---- */

static void check(const mms_archive *archive, const char *text, bool print)
{
    struct bytes bytes = from_hex(&text);
    const void *root;

    if (mms_archive_check(archive, bytes.data, bytes.size, &root) != 0) {
        put_error(mms_last_error());
    } else {
        fputs(print ? "ok " : "ok", stdout);
        if (print)
            mms_archive_print(archive->type, root, stdout);
        putchar('\n');
    }
    free(bytes.data);
}

static void equal(const mms_archive *archive, const char *text)
{
    struct bytes a = from_hex(&text), b = from_hex(&text);
    const void *x, *y;

    if (mms_archive_check(archive, a.data, a.size, &x) != 0 || mms_archive_check(archive, b.data, b.size, &y) != 0)
        put_error(mms_last_error());
    else
        puts(mms_archive_equal(archive->type, x, y) ? "ok true" : "ok false");
    free(a.data);
    free(b.data);
}

static void answer(const mms_archive *archive, char *line)
{
    char *rest = strchr(line, ' ');

    line[strcspn(line, "\r\n")] = '\0';
    if (rest)
        *rest++ = '\0';
    else
        rest = line + strlen(line);
    if (!strcmp(line, "encode") || !strcmp(line, "size"))
        encode(archive, rest, *line == 's');
    else if (!strcmp(line, "check") || !strcmp(line, "print"))
        check(archive, rest, *line == 'p');
    else if (!strcmp(line, "set"))
        set(archive, rest);
    else if (!strcmp(line, "equal"))
        equal(archive, rest);
    else if (!strcmp(line, "typeid"))
        printf("ok %016llx%016llx\n", (unsigned long long)archive->type_id[0], (unsigned long long)archive->type_id[1]);
    else
        put_error("no such command");
    fflush(stdout);
}

static void serve(const mms_archive *archive)
{
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, stdin) > 0)
        answer(archive, line);
    free(line);
}

#ifdef DRIVE_HEADER
int main(void)
{
    serve(&DRIVE_ROOT);
    return EXIT_SUCCESS;
}
#else
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);

    if (!file || !text) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    *size = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    struct schema schema;
    bool wide = argc == 5 && !strcmp(argv[3], "--offsets") && !strcmp(argv[4], "64");
    bool good;
    size_t size;
    char *text;

    if (argc != 3 && argc != 5) {
        fputs("usage: archive_drive SCHEMA ROOT [--offsets 32|64]\n", stderr);
        return 2;
    }
    text = read_file(argv[1], &size);
    good = schema_read(&schema, argv[1], text, size, argv[2], wide, stderr);
    if (good)
        serve(&schema.archive);
    schema_free(&schema);
    free(text);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
#endif
