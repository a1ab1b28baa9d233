/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/source.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "cli/target_path.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The room that a stream of unknown length starts with, and the most that is added at a time: room
   is memory. AT_ONCE: the most that one read asks for, so that Ctrl-C and the progress bar get
   their turn. */
enum { FIRST_ROOM = 1 << 20, MOST_GROWTH = 64 << 20, AT_ONCE = 4 << 20, FIRST_TEXT = 64 << 10 };

/* Not in every linux/magic.h. */
#ifndef CONFIGFS_MAGIC
#define CONFIGFS_MAGIC 0x62656570
#endif

#define ADVICE "nothing was published; write with a larger --max-size, and with --replace if the region exists"

/* A write in progress. */
struct intake {
    struct source *source;
    mms_writer *writer;
    uint64_t most;
    char *buffer; /* for the source's first byte */
    size_t room, filled;
    size_t at;  /* where that is in the value */
    size_t had; /* bytes of the value before, if it is changed in place */
    struct progress progress;
};

/* Files in /proc claim a size of 0 bytes, and those in /sys 4096. */
static bool is_generated(int fd)
{
    static const unsigned long types[] = {
        PROC_SUPER_MAGIC, SYSFS_MAGIC,   DEBUGFS_MAGIC,  TRACEFS_MAGIC,  CGROUP_SUPER_MAGIC,   CGROUP2_SUPER_MAGIC,
        SECURITYFS_MAGIC, SELINUX_MAGIC, EFIVARFS_MAGIC, PSTOREFS_MAGIC, RDTGROUP_SUPER_MAGIC, CONFIGFS_MAGIC,
    };
    struct statfs status;

    if (fstatfs(fd, &status))
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (((unsigned long)status.f_type & UINT32_MAX) == types[i])
            return true;
    return false;
}

/* By another name, say /dev/stdin. */
static bool leads_to_standard_input(const char *file)
{
    struct target target;
    bool leads = target_find(&target, file) == 0 && target.kind == TARGET_DESCRIPTOR && target.fd == STDIN_FILENO;

    free(target.path);
    return leads;
}

int source_open(struct source *source, const char *file)
{
    bool standard_input = !file || !strcmp(file, "-");
    off_t offset;

    *source = (struct source){.name = standard_input ? "standard input" : file};
    source->fd = standard_input ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->fd < 0 && errno == ENXIO && !stat(file, &source->at_open) && S_ISSOCK(source->at_open.st_mode))
        return fail("cannot open %s: it is a socket; pipe what a program reads from it into this one", source->name);
    if (source->fd < 0)
        return fail_errno("cannot open %s", source->name);
    if (fstat(source->fd, &source->at_open))
        return fail_errno("cannot look at %s", source->name);
    source->standard_input = standard_input || leads_to_standard_input(file);
    if (S_ISDIR(source->at_open.st_mode))
        return fail("cannot publish %s: it is a directory", source->name);
    offset = lseek(source->fd, 0, SEEK_CUR);
    source->generated = is_generated(source->fd);
    /* Other files may claim size 0 and have content: those are streams. */
    source->sized =
        S_ISREG(source->at_open.st_mode) && !source->generated && source->at_open.st_size > 0 && offset >= 0;
    if (source->sized && source->at_open.st_size > offset)
        source->size = (uint64_t)(source->at_open.st_size - offset);
    return EXIT_OK;
}

void source_of_command(struct source *source, struct command *command)
{
    *source = (struct source){.fd = -1, .name = command->name, .command = command};
}

void source_close(struct source *source)
{
    if (source->fd > STDIN_FILENO)
        close(source->fd);
    if (source->command)
        command_end(source->command);
}

/* Nobody but the command keeps the other end of the pipe. */
static int start_command(struct source *source)
{
    int ends[2], status;

    if (pipe2(ends, O_CLOEXEC))
        return fail_errno("cannot run '%s'", source->name);
    source->fd = ends[0];
    status = command_start(source->command, -1, ends[1]);
    close(ends[1]);
    if (!status && fstat(source->fd, &source->at_open))
        status = fail_errno("cannot look at the output of '%s'", source->name);
    return status;
}

/* Its output is at its end. */
static int finish_command(const struct source *source)
{
    return source->command ? command_wait(source->command) : EXIT_OK;
}

/* Up to `room` bytes; 0 at the end, -1 with errno. EINTR only if the user wants to stop. */
static ssize_t read_some(const struct source *source, void *buffer, size_t room)
{
    ssize_t got;

    do {
        if (!interrupt_wait_readable(source->fd)) {
            errno = EINTR;
            return -1;
        }
        got = read(source->fd, buffer, room < AT_ONCE ? room : AT_ONCE);
    } while (got < 0 && (errno == EINTR || errno == EAGAIN));
    return got;
}

static int report_read_error(const struct source *source)
{
    return interrupted() ? EXIT_FAILED : fail_errno("cannot read %s; nothing was published", source->name);
}

static int refuse_changed(const struct source *source)
{
    return fail("%s changed while it was read; nothing was published", source->name);
}

int source_read_full(const struct source *source, void *buffer, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t part = read_some(source, (char *)buffer + *got, size - *got);

        if (part < 0)
            return report_read_error(source);
        if (!part)
            break;
        *got += (size_t)part;
    }
    return EXIT_OK;
}

int source_read_all(const struct source *source, char **text, size_t *size)
{
    size_t room = source->sized && source->size < SIZE_MAX / 2 ? (size_t)source->size + 2 : FIRST_TEXT, got;
    int status;

    *text = NULL;
    for (*size = 0;; room *= 2) {
        char *more = room <= SIZE_MAX / 2 ? realloc(*text, room) : NULL;

        if (!more)
            return fail("out of memory for what is in %s", source->name);
        *text = more;
        status = source_read_full(source, *text + *size, room - 1 - *size, &got);
        *size += got;
        (*text)[*size] = '\0';
        if (status || *size < room - 1)
            return status;
    }
}

/* Double the room, within limits. */
static int grow(struct intake *intake)
{
    uint64_t limit = intake->source->sized ? intake->source->size : intake->most, left = limit - intake->room;
    uint64_t growth = intake->room < MOST_GROWTH ? intake->room : MOST_GROWTH;
    size_t room = intake->room + (size_t)(growth < left ? growth : left);
    void *buffer;
    int code;

    if (!left)
        return fail_as(MMS_E_TOO_BIG, "%s holds more than the %llu bytes of the region's --max-size; " ADVICE,
                       intake->source->name, (unsigned long long)intake->most);
    code = mms_write_grow(intake->writer, intake->at + room, &buffer);
    if (code)
        return fail_call(code);
    intake->buffer = (char *)buffer + intake->at;
    intake->room = room;
    return EXIT_OK;
}

enum room { HAS_ROOM, AT_END, FAILED };

/* The room is full. One byte decides whether the input ends here, as its length may be just the
   room. */
static enum room probe(struct intake *intake)
{
    char byte;
    ssize_t got = read_some(intake->source, &byte, 1);

    if (!got)
        return AT_END;
    if (got < 0)
        report_read_error(intake->source);
    else if (intake->source->sized)
        refuse_changed(intake->source);
    if (got < 0 || intake->source->sized || grow(intake))
        return FAILED;
    intake->buffer[intake->filled++] = byte;
    return HAS_ROOM;
}

static enum room ensure_room(struct intake *intake)
{
    enum room room = HAS_ROOM;

    while (room == HAS_ROOM && intake->filled == intake->room) { /* it may grow by the one byte that was probed */
        if (intake->source->sized && intake->room < intake->source->size)
            room = grow(intake) ? FAILED : HAS_ROOM;
        else
            room = probe(intake);
    }
    return room;
}

static int fill(struct intake *intake)
{
    enum room room;

    while ((room = ensure_room(intake)) == HAS_ROOM) {
        ssize_t got = read_some(intake->source, intake->buffer + intake->filled, intake->room - intake->filled);

        if (got < 0)
            return report_read_error(intake->source);
        if (!got)
            return EXIT_OK;
        intake->filled += (size_t)got;
        progress_add(&intake->progress, (uint64_t)got);
    }
    return room == AT_END ? EXIT_OK : EXIT_FAILED;
}

/* If somebody wrote the file meanwhile, it may have been read half old and half new. */
static int check_unchanged(const struct intake *intake)
{
    const struct source *source = intake->source;
    struct stat now;

    if (!S_ISREG(source->at_open.st_mode) || source->generated)
        return EXIT_OK;
    if (fstat(source->fd, &now))
        return fail_errno("cannot look at %s", source->name);
    if ((source->sized && intake->filled != source->size) || now.st_size != source->at_open.st_size ||
        now.st_mtim.tv_sec != source->at_open.st_mtim.tv_sec || now.st_mtim.tv_nsec != source->at_open.st_mtim.tv_nsec)
        return refuse_changed(source);
    return EXIT_OK;
}

/* An empty stream usually means that its producer failed; an empty file is meant. */
static int check_empty(const struct source *source)
{
    mode_t mode = source->at_open.st_mode;

    if (source->allow_empty || !(source->standard_input || S_ISFIFO(mode) || S_ISSOCK(mode)))
        return EXIT_OK;
    if (source->command)
        return fail("'%s' printed nothing; nothing was published; to publish an empty value, give --allow-empty",
                    source->name);
    return fail(
        "%s is empty, perhaps because its producer failed; nothing was published; to publish an empty value, give "
        "--allow-empty",
        source->name);
}

static uint64_t first_room(const struct source *source, uint64_t most, bool gradually)
{
    uint64_t limit = source->sized ? source->size : most;

    return limit < FIRST_ROOM || (source->sized && !gradually) ? limit : FIRST_ROOM;
}

static int begin(struct intake *intake, bool is_new)
{
    void *buffer;
    int code;

    interrupt_kills(!is_new); /* there may be readers to wait for */
    code = intake->source->patches
               ? mms_write_update(intake->writer, intake->at + intake->room, &buffer, &intake->had, NULL)
               : mms_write_begin(intake->writer, intake->room, &buffer, NULL);
    interrupt_kills(false);
    if (code)
        return fail_call(code);
    intake->buffer = (char *)buffer + intake->at;
    return EXIT_OK;
}

/* What is between the end of the value and the first byte that is read are zeros, as in a file. */
static int touch(const struct intake *intake)
{
    int code;

    if (!intake->source->patches)
        return EXIT_OK;
    if (intake->had < intake->at)
        memset(intake->buffer - (intake->at - intake->had), 0, intake->at - intake->had);
    code = mms_write_touch(intake->writer, intake->at, intake->filled);
    return code ? fail_call(code) : EXIT_OK;
}

static int refuse_offset(const struct source *source, uint64_t most)
{
    return fail_as(MMS_E_TOO_BIG, "%s would begin at %llu, and the region's --max-size is %llu; " ADVICE, source->name,
                   (unsigned long long)source->at, (unsigned long long)most);
}

int source_read(struct source *source, mms_writer *writer, uint64_t most, bool is_new, struct candidate *candidate)
{
    struct intake intake = {.source = source, .writer = writer, .most = most - source->at, .at = (size_t)source->at};
    uint64_t expected = source->sized ? source->size : 0;
    int status;

    if (source->at > most)
        return refuse_offset(source, most);
    most -= source->at;

    if (source->sized && source->size > most)
        return fail_as(MMS_E_TOO_BIG, "%s has %llu bytes, more than the %llu of the region's --max-size; " ADVICE,
                       source->name, (unsigned long long)source->size, (unsigned long long)most);
    intake.room = (size_t)first_room(source, most, is_new);
    progress_start(&intake.progress, "writing", expected);
    if (intake.room == expected)
        progress_say(&intake.progress, "making room for");
    status = begin(&intake, is_new);
    if (status)
        return status;
    status = source->command ? start_command(source) : EXIT_OK; /* which does not run while readers are waited for */
    progress_start(&intake.progress, "writing", expected);      /* so that the rate is that of reading */
    if (!status)
        status = fill(&intake);
    progress_end(&intake.progress);
    if (!status)
        status = finish_command(source);
    if (!status)
        status = check_unchanged(&intake);
    if (!status && !intake.filled)
        status = check_empty(source);
    if (!status)
        status = touch(&intake);
    if (status)
        mms_write_abort(writer);
    candidate->data = intake.buffer - intake.at;
    candidate->size = intake.at + intake.filled > intake.had ? intake.at + intake.filled : intake.had;
    return status;
}
