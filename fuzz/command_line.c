/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer and AFL++: any command line of the tool. The first byte chooses the verb, the
   others are its arguments, each followed by a line end. It all happens in a fresh directory:
   slashes are removed, and the library is given that directory as /dev/shm. Verbs that run for
   long get one operand too many, which they notice after reading their options. script/fuzz
   builds and runs it. */
#include "cli/cmd.h"
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <mmsync.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 16, TEXT_MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int cli_main(int argc, char **argv);

static const struct {
    const char *name;
    bool is_long;
} verbs[] = {{"write", false}, {"read", false}, {"watch", true}, {"stat", false}, {"verify", false},
             {"rm", false},    {"bench", true}, {"demo", true},  {"help", false}, {"", false}};

enum { VERBS = sizeof verbs / sizeof *verbs };

static char directory[60];
static jmp_buf way_out;
static bool inside;

/* ---- Calls that are replaced here ---- */

void __real_exit(int status) __attribute__((noreturn));
void __wrap_exit(int status) __attribute__((noreturn));
void __wrap_exit(int status)
{
    if (inside)
        longjmp(way_out, 1);
    __real_exit(status);
}

char *__real_realpath(const char *path, char *out);
char *__wrap_realpath(const char *path, char *out);
char *__wrap_realpath(const char *path, char *out)
{
    return __real_realpath(inside && strcmp(path, "/dev/shm") == 0 ? directory : path, out);
}

/* ---- Its surroundings ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    if (where->level > 0)
        (void)remove(path);
    return 0;
}

static void empty(void)
{
    (void)nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void leave(void)
{
    empty();
    (void)rmdir(directory);
}

static void start(void)
{
    const char *const name = getenv("MMSYNC_TEST_NAME"); /* of the test that runs this, which removes what is left */
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    snprintf(directory, sizeof directory, "/dev/shm/%s-fuzz-XXXXXX", name ? name : "mmsync-test");
    if (!mkdtemp(directory) || chdir(directory) != 0 || nothing < 0 || dup2(nothing, 0) != 0 || dup2(nothing, 1) != 1)
        abort();
    close(nothing);
    atexit(leave);
}

/* A region and a file with values, for commands to work on. */
static void prepare(void)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    FILE *file;
    char path[64];

    empty();
    snprintf(path, sizeof path, "%s/r", directory);
    options.max_size = 1 << 16;
    options.max_slots = 4;
    if (mms_writer_open(path, &options, &writer) != 0 || mms_write(writer, "value", 5, NULL) != 0) {
        fprintf(stderr, "making a region to work on: %s\n", mms_last_error());
        abort();
    }
    mms_writer_close(writer);
    file = fopen("f", "w");
    if (!file || fputs("a file\n", file) < 0 || fclose(file) != 0)
        abort();
}

/* ---- */

/* A command relies on its process ending to close some descriptors. getopt may be in the middle
   of a word. */
static void run(int argc, char **argv)
{
    int first = dup(0);

    optind = 0;
    inside = true;
    if (setjmp(way_out) == 0)
        (void)cli_main(argc, argv);
    inside = false;
    for (int fd = first; fd > 2 && fd < first + 32; fd++)
        close(fd);
}

/* No path leads out of the directory. */
static void confine(char *text)
{
    for (; *text; text++)
        if (*text == '/')
            *text = '_';
    /* ".." cannot name a region, but is a directory to open(2) */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEXT_MAX + 1], program[] = "mmsync", verb[16], extra[] = "x";
    char *argv[ARGUMENTS_MAX + 5] = {program, verb}, *rest = text;
    unsigned which = size > 0 ? data[0] % VERBS : 0;
    int argc = 2;

    if (size < 2 || size > TEXT_MAX)
        return 0;
    if (!*directory)
        start();
    prepare();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    confine(text);
    snprintf(verb, sizeof verb, "%s", verbs[which].name);
    if (!*verb)
        argc = 1;
    for (char *word; argc < ARGUMENTS_MAX && (word = strsep(&rest, "\n"));)
        argv[argc++] = word;
    if (!*verb && argc > 1 && *argv[1] != '-')
        return 0; /* any verb, long ones too */
    if (verbs[which].is_long) {
        argv[argc++] = extra;
        argv[argc++] = extra;
    }
    argv[argc] = NULL;
    run(argc, argv);
    return 0;
}
