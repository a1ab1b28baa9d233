/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"
#include "cli/now.h"
#include "cli/stat.h"
#include "cli/top/screen.h"
#include <curses.h>
#include <stdarg.h>
#include <string.h>

/* Columns that the numbers of a row take; the name has the rest. */
enum { NUMBERS_WIDTH = 82, NAME_LEAST = 12 };

void put_text(int line, int column, const char *format, ...)
{
    char text[512];
    va_list arguments;

    if (line >= LINES || column >= COLS)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    make_printable(text);
    mvaddnstr(line, column, text, COLS - column);
}

const struct row *screen_find(const struct screen *screen, const char *address)
{
    for (size_t i = 0; i < screen->rows.count; i++)
        if (!strcmp(screen->rows.list[i].region->address, address))
            return &screen->rows.list[i];
    return NULL;
}

static const char *format_rate(char text[TEXT_SIZE], double rate)
{
    if (rate < 0)
        return "-";
    snprintf(text, TEXT_SIZE, rate < 100 && rate > 0 ? "%.1f" : "%.0f", rate);
    return text;
}

/* ---- The list ---- */

static void draw_row(const struct row *row, int line, int width)
{
    const mms_info *info = &row->region->info;
    char rate[TEXT_SIZE], size[TEXT_SIZE], age[TEXT_SIZE], memory[TEXT_SIZE], writer[TEXT_SIZE];

    put_text(line, 0, "%-*.*s", width, width, row_name(row));
    if (row->region->error) {
        put_text(line, width, "  ? %s", row->region->error);
        return;
    }
    put_text(line, width, "%12llu %9s %9s %11s %8u %6u %9s %11s", (unsigned long long)info->generation,
             format_rate(rate, row->rate), info->publish_time_ns ? format_duration(age, stat_age_ns(info)) : "-",
             info->generation ? format_size(size, (double)info->size) : "-", info->readers, info->readers_dead,
             stat_format_writer(writer, info), format_size(memory, (double)info->bytes_used));
}

/* The row under the cursor stays in sight. */
static void scroll_list(struct screen *screen, size_t shown)
{
    if (screen->selected >= screen->rows.count)
        screen->selected = screen->rows.count > 0 ? screen->rows.count - 1 : 0;
    if (screen->selected < screen->first)
        screen->first = screen->selected;
    if (shown > 0 && screen->selected >= screen->first + shown)
        screen->first = screen->selected - shown + 1;
}

void draw_list(struct screen *screen, int line, int lines)
{
    int width = COLS - NUMBERS_WIDTH > NAME_LEAST ? COLS - NUMBERS_WIDTH : NAME_LEAST;
    size_t shown = lines > 1 ? (size_t)lines - 1 : 0;

    attron(A_REVERSE);
    put_text(line, 0, "%-*s%12s %9s %9s %11s %8s %6s %9s %11s%*s", width, "REGION", "GENERATION", "PUBL/S", "AGE",
             "SIZE", "READERS", "DEAD", "WRITER", "MEMORY", COLS, "");
    attroff(A_REVERSE);
    scroll_list(screen, shown);
    if (screen->rows.count == 0)
        put_text(line + 2, 2, *screen->rows.filter ? "no region has '%s' in its name" : "no regions here%s",
                 screen->rows.filter);
    for (size_t i = 0; i < shown && screen->first + i < screen->rows.count; i++) {
        const struct row *row = &screen->rows.list[screen->first + i];
        attr_t style = screen->first + i == screen->selected ? A_STANDOUT : 0;

        if (row->region->error || row->region->info.readers_dead > 0)
            style |= A_BOLD;
        attron(style);
        draw_row(row, line + 1 + (int)i, width);
        attroff(style);
    }
}

/* ---- One region ---- */

static int draw_value(const struct row *row, int line)
{
    const mms_info *info = &row->region->info;
    char rate[TEXT_SIZE], size[TEXT_SIZE], age[TEXT_SIZE], when[TEXT_SIZE], type[33];

    if (info->generation == 0) {
        put_text(line++, 0, "generation  0 (no value yet)");
        return line;
    }
    stat_format_id(type, info->type_id);
    put_text(line++, 0, "generation  %llu, slot %u, %s publishes a second", (unsigned long long)info->generation,
             info->slot, format_rate(rate, row->rate));
    put_text(line++, 0, "size        %s (%llu bytes)", format_size(size, (double)info->size),
             (unsigned long long)info->size);
    if (info->publish_time_ns)
        put_text(line++, 0, "published   %s ago, %s", format_duration(age, stat_age_ns(info)),
                 format_time(when, info->publish_time_ns));
    put_text(line++, 0, "type id     %s, tag %llu", info->type_id[0] | info->type_id[1] ? type : "none",
             (unsigned long long)info->tag);
    return line;
}

static int draw_geometry(const mms_info *info, int line)
{
    char used[TEXT_SIZE], huge[TEXT_SIZE], most[TEXT_SIZE], writer[TEXT_SIZE];

    put_text(line++, 0, "memory      %s, %s of it in huge pages; %u of %u slots, for %s each",
             format_size(used, (double)info->bytes_used), format_size(huge, (double)info->bytes_huge), info->slots_used,
             info->max_slots, format_size(most, (double)info->max_size));
    put_text(line++, 0, "writer      %s", stat_format_writer(writer, info));
    put_text(line++, 0, "refused     %llu writes, ever; %llu slots taken from readers",
             (unsigned long long)info->refused, (unsigned long long)info->evicted);
    put_text(line++, 0, "readers     %u of %u, and %u dead", info->readers, info->max_readers, info->readers_dead);
    return line;
}

static void draw_hold(const struct hold *hold, uint64_t newest, int line)
{
    const mms_reader_info *reader = &hold->reader;
    char since[TEXT_SIZE], holds[TEXT_SIZE], behind[TEXT_SIZE];

    snprintf(holds, sizeof holds, "%llu", (unsigned long long)reader->generation);
    snprintf(behind, sizeof behind, "%llu",
             (unsigned long long)(newest > reader->generation ? newest - reader->generation : 0));
    if (!reader->alive)
        attron(A_BOLD);
    put_text(line, 0, "%8d %-16s %8d %6u  %-5s  %12s %10s %9s  %s", (int)reader->pid, *hold->name ? hold->name : "?",
             (int)reader->tid, reader->line, reader->alive ? "yes" : "no", reader->pinned ? holds : "-",
             reader->pinned ? behind : "",
             reader->pinned ? format_duration(since, monotonic_ns() - hold->since_ns) : "",
             reader->allow_evict ? "yes" : "no");
    attroff(A_BOLD);
}

static void draw_holds(struct screen *screen, uint64_t newest, int line, int end)
{
    const struct holds *holds = &screen->holds;
    size_t shown = end > line + 1 ? (size_t)(end - line - 1) : 0;

    if (holds->code != 0) {
        put_text(line, 0, "readers are not known: %s", mms_error_name(holds->code));
        return;
    }
    if (screen->first_reader + shown > holds->count)
        screen->first_reader = holds->count > shown ? holds->count - shown : 0;
    attron(A_REVERSE);
    put_text(line, 0, "%8s %-16s %8s %6s  %-5s  %12s %10s %9s  %s%*s", "PID", "NAME", "TID", "LINE", "ALIVE", "HOLDS",
             "BEHIND", "FOR", "EVICTABLE", COLS, "");
    attroff(A_REVERSE);
    for (size_t i = 0; i < shown && screen->first_reader + i < holds->count; i++)
        draw_hold(&holds->list[screen->first_reader + i], newest, line + 1 + (int)i);
}

void draw_region(struct screen *screen, const struct row *row, int line, int lines)
{
    const int end = line + lines;

    attron(A_BOLD);
    put_text(line++, 0, "%s", row->region->path);
    attroff(A_BOLD);
    if (row->region->error) {
        put_text(line + 1, 0, "%s", row->region->error);
        return;
    }
    line = draw_value(row, line);
    line = draw_geometry(&row->region->info, line);
    if (!row->region->is_mmap_sync)
        draw_holds(screen, row->region->info.generation, line + 1, end);
}

/* ---- Help ---- */

void draw_help(int line)
{
    static const char *const text[] = {
        "Up Down PgUp PgDn Home End    move",
        "Enter                         look into a region: its readers, and what each holds",
        "Esc Left                      back to the list",
        "< >                           sort by another column",
        "r                             reverse the order",
        "/                             show only names with a text in them; Esc shows all",
        "+ -                           look half as often, or twice as often",
        "Space                         stop looking, and go on",
        "q                             quit",
        "",
        "PUBL/S  publishes a second          DEAD    readers that died; their lines come back",
        "BEHIND  publishes since then        FOR     how long top has seen it hold that",
    };

    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        put_text(line + (int)i, 2, "%s", text[i]);
}
