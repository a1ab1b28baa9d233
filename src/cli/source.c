/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/source.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/progress.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What a stream of unknown length starts with, and at most how much more it gets at a time: room is memory. AT_ONCE:
   what one read asks for, so that Ctrl-C and the progress bar get their turn. */
enum { FIRST_ROOM = 1 << 20, LARGEST_STEP = 64 << 20, AT_ONCE = 4 << 20 };

#define ADVICE "nothing was published; write with a larger --max-size, and with --replace if the region exists"

/* A write in progress. */
struct intake {
    struct source *source;
    mms_writer *writer;
    uint64_t most;
    char *buffer;
    size_t room, filled;
    struct progress progress;
};

int source_open(struct source *source, const char *file)
{
    bool standard_input = !file || !strcmp(file, "-");
    off_t offset;

    *source = (struct source){.name = standard_input ? "standard input" : file};
    source->fd = standard_input ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->fd < 0)
        return fail_errno("cannot open %s", source->name);
    if (fstat(source->fd, &source->at_open))
        return fail_errno("cannot look at %s", source->name);
    if (S_ISDIR(source->at_open.st_mode))
        return fail("cannot publish %s: it is a directory", source->name);
    /* Files of the kernel have size 0 and something in them: those are streams. */
    offset = lseek(source->fd, 0, SEEK_CUR);
    source->sized = S_ISREG(source->at_open.st_mode) && source->at_open.st_size > 0 && offset >= 0;
    if (source->sized && source->at_open.st_size > offset)
        source->size = (uint64_t)(source->at_open.st_size - offset);
    return EXIT_OK;
}

void source_close(struct source *source)
{
    if (source->fd > STDIN_FILENO)
        close(source->fd);
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

/* Double the room, within limits. */
static int grow(struct intake *intake)
{
    uint64_t limit = intake->source->sized ? intake->source->size : intake->most, left = limit - intake->room;
    uint64_t step = intake->room < LARGEST_STEP ? intake->room : LARGEST_STEP;
    size_t room = intake->room + (size_t)(step < left ? step : left);
    void *buffer;
    int code;

    if (!left)
        return fail("%s holds more than the %llu bytes of the region's max_size; " ADVICE, intake->source->name,
                    (unsigned long long)intake->most);
    code = mms_write_grow(intake->writer, room, &buffer);
    if (code)
        return fail_call(code);
    intake->buffer = buffer;
    intake->room = room;
    return EXIT_OK;
}

/* All that is expected is there: 0 at the end of the input, 1 if there is more and room for it, -1 if it failed. One
   byte decides, as the length of a stream may be just the room. */
static int probe(struct intake *intake)
{
    char byte;
    ssize_t got = read_some(intake->source, &byte, 1);

    if (!got)
        return 0;
    if (got < 0)
        report_read_error(intake->source);
    else if (intake->source->sized)
        refuse_changed(intake->source);
    if (got < 0 || intake->source->sized || grow(intake))
        return -1;
    intake->buffer[intake->filled++] = byte;
    return 1;
}

/* As probe: is there room for what comes? */
static int ensure_room(struct intake *intake)
{
    int more = 1;

    while (more > 0 && intake->filled == intake->room) { /* a step may be of the one byte that was probed */
        if (intake->source->sized && intake->room < intake->source->size)
            more = grow(intake) ? -1 : 1;
        else
            more = probe(intake);
    }
    return more;
}

static int fill(struct intake *intake)
{
    int more;

    while ((more = ensure_room(intake)) > 0) {
        ssize_t got = read_some(intake->source, intake->buffer + intake->filled, intake->room - intake->filled);

        if (got < 0)
            return report_read_error(intake->source);
        if (!got)
            return EXIT_OK;
        intake->filled += (size_t)got;
        progress_add(&intake->progress, (uint64_t)got);
    }
    return more ? EXIT_FAILED : EXIT_OK;
}

/* A file that somebody writes at the same time may have been read half old and half new. */
static int check_unchanged(const struct intake *intake)
{
    const struct source *source = intake->source;
    struct stat now;

    if (!source->sized)
        return EXIT_OK;
    if (fstat(source->fd, &now))
        return fail_errno("cannot look at %s", source->name);
    if (intake->filled != source->size || now.st_size != source->at_open.st_size ||
        now.st_mtim.tv_sec != source->at_open.st_mtim.tv_sec || now.st_mtim.tv_nsec != source->at_open.st_mtim.tv_nsec)
        return refuse_changed(source);
    return EXIT_OK;
}

static uint64_t first_room(const struct source *source, uint64_t most, bool in_steps)
{
    uint64_t limit = source->sized ? source->size : most;

    return limit < FIRST_ROOM || (source->sized && !in_steps) ? limit : FIRST_ROOM;
}

int source_read(struct source *source, mms_writer *writer, uint64_t most, bool in_steps, size_t *size)
{
    struct intake intake = {.source = source, .writer = writer, .most = most};
    uint64_t expected = source->sized ? source->size : 0;
    void *buffer;
    int status, code;

    if (source->sized && source->size > most)
        return fail("%s has %llu bytes, more than the %llu of the region's max_size; " ADVICE, source->name,
                    (unsigned long long)source->size, (unsigned long long)most);
    intake.room = (size_t)first_room(source, most, in_steps);
    progress_start(&intake.progress, "writing", expected);
    if (intake.room == expected)
        progress_say(&intake.progress, "making room for");
    code = mms_write_begin(writer, intake.room, &buffer, NULL);
    if (code)
        return fail_call(code);
    intake.buffer = buffer;
    progress_start(&intake.progress, "writing", expected); /* the rate is that of reading */
    status = fill(&intake);
    progress_end(&intake.progress);
    if (!status)
        status = check_unchanged(&intake);
    if (status)
        mms_write_abort(writer);
    *size = intake.filled;
    return status;
}
