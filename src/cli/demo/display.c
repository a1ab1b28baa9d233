/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/display.h"
#include "cli/demo/conductor.h"
#include "cli/demo/format.h"
#include "cli/message.h"
#include "cli/now.h"
#include <mmsync.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LIVE_NS = 200000000, PLAIN_NS = 1000000000, LINE_SIZE = 512, OTHER_LINES = 8, BAR = 30 };

/* What a drawing shows of the time since the last one. */
struct rates {
    double lookups, published, updates;
    double reader[CELLS];
};

/* ---- Lines on a screen ---- */

static struct winsize screen_size(const struct display *display)
{
    struct winsize size = {0};

    if (ioctl(fileno(display->out), TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    return size;
}

/* Cut a line before it would wrap, because the block could not be redrawn then. Beyond ASCII,
   two columns. */
static void cut(char *line, unsigned columns)
{
    unsigned used = 0;

    for (; *line; line++) {
        unsigned char c = (unsigned char)*line;

        if ((c & 0xc0) == 0x80)
            continue;
        used += c < 0x80 ? 1 : 2;
        if (used >= columns) {
            *line = '\0';
            return;
        }
    }
}

static void format_line(char line[LINE_SIZE], const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void format_line(char line[LINE_SIZE], const char *format, va_list arguments)
{
    vsnprintf(line, LINE_SIZE, format, arguments);
    make_printable(line);
}

static void put_line(struct display *display, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put_line(struct display *display, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    cut(line, screen_size(display).ws_col);
    fprintf(display->out, "%s\033[K\n", line);
    display->lines++;
}

static void go_up(struct display *display)
{
    if (display->lines)
        fprintf(display->out, "\r\033[%uA", display->lines);
    display->lines = 0;
}

void display_clear(struct display *display)
{
    if (!display->lines)
        return;
    go_up(display);
    fputs("\033[J", display->out);
    fflush(display->out);
}

void display_open(struct display *display, FILE *out)
{
    const char *terminal = getenv("TERM");

    *display = (struct display){.out = out};
    display->in_place = isatty(fileno(out)) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

/* ---- What is shown ---- */

static double elapsed(const struct demo *demo)
{
    return demo->start_ns ? (double)(monotonic_ns() - demo->start_ns) / 1e9 : 0;
}

static uint64_t all_published(const struct demo *demo)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i <= demo->writer_number; i++)
        sum += get(&demo->board->writers[i].published);
    return sum;
}

static uint64_t all_updates(const struct demo *demo)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i <= demo->writer_number; i++)
        sum += get(&demo->board->writers[i].updates);
    return sum;
}

static struct rates take_rates(struct demo *demo, uint64_t now)
{
    struct display *display = &demo->display;
    double seconds = (double)(now - display->drawn_ns) / 1e9;
    uint64_t lookups = all_lookups(demo), published = all_published(demo), updates = all_updates(demo);
    struct rates rates = {
        .lookups = (double)(lookups - display->all_lookups) / seconds,
        .published = (double)(published - display->published) / seconds,
        .updates = (double)(updates - display->updates) / seconds,
    };

    for (unsigned i = 0; i < demo->cells; i++) {
        uint64_t own = get(&demo->board->cells[i].lookups);

        rates.reader[i] = (double)(own - display->lookups[i]) / seconds;
        display->lookups[i] = own;
    }
    display->all_lookups = lookups;
    display->published = published;
    display->updates = updates;
    display->drawn_ns = now;
    return rates;
}

static void show_time(struct demo *demo)
{
    double share = elapsed(demo) / demo->options->seconds;
    unsigned full = share < 1 ? (unsigned)(share * BAR) : BAR;
    char bar[BAR + 1];

    memset(bar, '-', BAR);
    memset(bar, '#', full);
    bar[BAR] = '\0';
    put_line(&demo->display, "[%s] %4.1f of %u s", bar, elapsed(demo), demo->options->seconds);
}

static void show_writer(struct demo *demo, const struct rates *rates)
{
    const struct writer_cell *cell = &demo->board->writers[demo->writer_number];
    char generation[TEXT_SIZE], records[TEXT_SIZE], size[TEXT_SIZE];

    if (!demo->writer.running || atomic_load(&cell->state) == STATE_STARTING)
        put_line(&demo->display, "writer    none");
    else
        put_line(&demo->display, "writer    pid %-7d generation %-9s %4.0f/s   table of %s records, %s",
                 (int)demo->writer.pid, format_count(generation, get(&cell->generation)), rates->published,
                 format_count(records, get(&cell->records)), format_size(size, (double)get(&cell->size)));
}

static void show_region(struct demo *demo)
{
    char bytes[TEXT_SIZE];
    mms_info info;

    if (mms_inspect(demo->board->region, &info))
        put_line(&demo->display, "region    %s", last_error());
    else
        put_line(&demo->display, "region    %u of %u slots used, %s   readers: %u alive, %u dead", info.slots_used,
                 info.max_slots, format_size(bytes, (double)info.bytes_used), info.readers, info.readers_dead);
}

static const char *reader_state(const struct demo *demo, unsigned cell)
{
    if (!demo->readers[cell].running)
        return "killed";
    switch (atomic_load(&demo->board->cells[cell].state)) {
    case STATE_STARTING: return "starting";
    case STATE_HOLDING: return child_is_stopped(&demo->readers[cell]) ? "STOPPED, holds a view" : "holds a view";
    default: return "";
    }
}

static void show_readers(struct demo *demo, const struct rates *rates)
{
    unsigned rows = screen_size(&demo->display).ws_row;
    unsigned room = rows > OTHER_LINES + 1 ? rows - OTHER_LINES - 1 : 0;
    char lookups[TEXT_SIZE], generation[TEXT_SIZE];

    if (demo->board->form == FORM_TABLE)
        put_line(&demo->display, "updates   %s keys/s", format_count(lookups, (uint64_t)rates->updates));
    put_line(&demo->display, "readers   %s look-ups/s", format_count(lookups, (uint64_t)rates->lookups));
    for (unsigned i = 0; i < demo->cells && i < room; i++)
        put_line(&demo->display, "  %2u      pid %-7d generation %-9s %11s/s   %s", i + 1, (int)demo->readers[i].pid,
                 format_count(generation, get(&demo->board->cells[i].generation)),
                 format_count(lookups, (uint64_t)rates->reader[i]), reader_state(demo, i));
}

static void show_checks(struct demo *demo)
{
    uint64_t verified = 0, torn = 0, wrong = 0, backwards = 0;
    char lookups[TEXT_SIZE], tables[TEXT_SIZE];

    for (unsigned i = 0; i < demo->cells; i++) {
        verified += get(&demo->board->cells[i].verified);
        torn += get(&demo->board->cells[i].torn);
        wrong += get(&demo->board->cells[i].wrong);
        backwards += get(&demo->board->cells[i].backwards);
    }
    put_line(&demo->display, "checked   %s answers, %s whole tables: %llu torn, %llu wrong, %llu backwards",
             format_count(lookups, all_lookups(demo)), format_count(tables, verified), (unsigned long long)torn,
             (unsigned long long)wrong, (unsigned long long)backwards);
}

/* An answer, from the first reader that works. */
static void show_sample(struct demo *demo)
{
    const struct data_entry *entry;
    const struct query *query;
    unsigned cell = 0;
    uint32_t sample;
    const char *text;
    size_t start;

    while (cell + 1 < demo->cells && !reader_is_working(demo, cell))
        cell++;
    sample = atomic_load(&demo->board->cells[cell].sample);
    query = &demo->queries.queries[(sample & 0xffff) % demo->queries.count];
    text = query_text(&demo->queries, query);
    if (!query->count)
        return;
    if (demo->data.kind == DATA_OUI) {
        entry = &demo->data.entries[demo->queries.candidates[query->candidates].number];
        put_line(&demo->display, "e.g.      the vendor of %.*s is %.*s", (int)query->size, text, (int)entry->value_size,
                 entry->value);
        return;
    }
    start = registrable_domain(text, query->size, sample >> 16);
    if (start < query->size)
        put_line(&demo->display, "e.g.      in %.*s the registrable domain is %.*s", (int)query->size, text,
                 (int)(query->size - start), text + start);
    else
        put_line(&demo->display, "e.g.      %.*s is a public suffix itself", (int)query->size, text);
}

static void draw(struct demo *demo, const struct rates *rates)
{
    go_up(&demo->display);
    show_time(demo);
    show_writer(demo, rates);
    show_region(demo);
    show_readers(demo, rates);
    show_checks(demo);
    show_sample(demo);
    fputs("\033[J", demo->display.out);
    fflush(demo->display.out);
}

static void print_plain(struct demo *demo, const struct rates *rates)
{
    const struct writer_cell *cell = &demo->board->writers[demo->writer_number];
    char lookups[TEXT_SIZE], generation[TEXT_SIZE], size[TEXT_SIZE];

    fprintf(demo->display.out, "%5.1f s  %12s look-ups/s  generation %-9s %4.0f %s/s, the last of %s", elapsed(demo),
            format_count(lookups, (uint64_t)rates->lookups), format_count(generation, get(&cell->generation)),
            rates->published, form_of(demo->board->form)->values, format_size(size, (double)get(&cell->size)));
    if (demo->board->form == FORM_TABLE)
        fprintf(demo->display.out, "; %s updates/s", format_count(lookups, (uint64_t)rates->updates));
    putc('\n', demo->display.out);
    fflush(demo->display.out);
}

void display_tick(struct demo *demo)
{
    struct display *display = &demo->display;
    uint64_t now = monotonic_ns();
    struct rates rates;

    if (!demo->start_ns || demo->end_ns)
        return;
    if (!display->drawn_ns)
        take_rates(demo, now); /* what came before the start does not count */
    if (now - display->drawn_ns < (display->in_place ? LIVE_NS : PLAIN_NS))
        return;
    rates = take_rates(demo, now);
    if (display->in_place)
        draw(demo, &rates);
    else
        print_plain(demo, &rates);
}

void display_event(struct demo *demo, const char *format, ...)
{
    struct display *display = &demo->display;
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);
    display_clear(display);
    fprintf(display->out, "%5.1f s  * %s\n", elapsed(demo), line);
    fflush(display->out);
}
