/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"
#include "cli/message.h"
#include "cli/now.h"
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WORTH_SHOWING = 64 << 20, REDRAW_NS = 100000000, BAR_MOST = 40 };

static struct progress *shown;

void progress_start(struct progress *progress, const char *label, uint64_t total)
{
    *progress = (struct progress){.label = label, .total = total, .started_ns = monotonic_ns()};
    progress->drawn_ns = progress->started_ns; /* too short to be drawn */
    progress->wanted = isatty(STDERR_FILENO) && (!total || total >= WORTH_SHOWING);
}

static unsigned terminal_columns(void)
{
    struct winsize size;

    return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

/* " [#####-----]", as wide as there is room for, or nothing. */
static void format_bar(char bar[BAR_MOST + 4], double part, unsigned room)
{
    unsigned width = room < BAR_MOST ? room : BAR_MOST;
    unsigned filled = part < 1 ? (unsigned)(part * width) : width;

    bar[0] = '\0';
    if (room < 4)
        return;
    bar[0] = ' ';
    bar[1] = '[';
    memset(bar + 2, '-', width);
    memset(bar + 2, '#', filled);
    bar[2 + width] = ']';
    bar[3 + width] = '\0';
}

static void format_figures(char *text, size_t size, const struct progress *progress, double seconds)
{
    char done[TEXT_SIZE], total[TEXT_SIZE], rate[TEXT_SIZE];

    format_size(done, (double)progress->done);
    format_size(total, (double)progress->total);
    format_size(rate, (double)progress->done / seconds);
    if (progress->total)
        snprintf(text, size, " %3.0f %%  %s of %s  %s/s", 100.0 * (double)progress->done / (double)progress->total,
                 done, total, rate);
    else
        snprintf(text, size, " %s  %s/s", done, rate);
}

static void draw(struct progress *progress, uint64_t now)
{
    char figures[4 * TEXT_SIZE], bar[BAR_MOST + 4] = "";
    unsigned columns = terminal_columns(), used;

    format_figures(figures, sizeof figures, progress, (double)(now - progress->started_ns) / 1e9);
    used = (unsigned)(strlen(progress->label) + strlen(figures)) + 4; /* " [", "]" and the last column */
    if (progress->total && columns > used)
        format_bar(bar, (double)progress->done / (double)progress->total, columns - used);
    if (columns >= used) /* a line that wraps cannot be wiped */
        fprintf(stderr, "\r%s%s%s\033[K", progress->label, bar, figures);
    shown = progress;
    progress->drawn_ns = now;
}

/* A job in the background must not draw over what the foreground does. */
static bool in_foreground(void)
{
    return tcgetpgrp(STDERR_FILENO) == getpgrp();
}

void progress_say(struct progress *progress, const char *text)
{
    char total[TEXT_SIZE];

    if (!progress->wanted || !progress->total || !in_foreground())
        return;
    fprintf(stderr, "\r%s %s\033[K", text, format_size(total, (double)progress->total));
    shown = progress;
}

void progress_add(struct progress *progress, uint64_t bytes)
{
    uint64_t now;

    progress->done += bytes;
    if (!progress->wanted || (!progress->total && progress->done < WORTH_SHOWING))
        return;
    now = monotonic_ns();
    if (now - progress->drawn_ns >= REDRAW_NS && in_foreground())
        draw(progress, now);
}

void progress_end(struct progress *progress)
{
    if (shown == progress)
        progress_hide();
    progress->wanted = false;
}

void progress_hide(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = NULL;
}
