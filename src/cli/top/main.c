/* SPDX-License-Identifier: Apache-2.0 */
/* `mmsync top`, a program of its own, so that no other verb waits for the terminal's library. */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/json_escape.h"
#include "cli/message.h"
#include "cli/now.h"
#include "cli/top/screen.h"
#include "cli/top_verb.h"
#include <curses.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ESCAPE = 27, SHORTEST_MS = 100, LONGEST_MS = 60000, HEAD_LINES = 2 };

/* ---- Drawing ---- */

static void draw_head(const struct screen *screen)
{
    const struct rows *rows = &screen->rows;
    char memory[TEXT_SIZE], clock[16];
    time_t now = time(NULL);
    struct tm broken;

    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &broken));
    put_text(0, 0, "mmsync top  %s  %zu region%s, %llu reader%s, %s   by %s%s", clock, rows->survey.found.count,
             rows->survey.found.count == 1 ? "" : "s", (unsigned long long)rows->readers, rows->readers == 1 ? "" : "s",
             format_size(memory, (double)rows->memory), row_order_name(rows->order),
             rows->reversed ? ", reversed" : "");
    if (screen->filtering || *rows->filter)
        put_text(1, 0, "filter: %s%s", rows->filter, screen->filtering ? "_" : "");
    else if (screen->paused)
        put_text(1, 0, "PAUSED; Space goes on");
    else
        put_text(1, 0, "? help, q quit; every %.1f s", screen->interval_ms / 1000.0);
}

static void draw(struct screen *screen)
{
    const struct row *row = screen->looked_into ? screen_find(screen, screen->looked_into) : NULL;

    erase();
    draw_head(screen);
    if (screen->helping)
        draw_help(HEAD_LINES + 1);
    else if (!screen->looked_into)
        draw_list(screen, HEAD_LINES, LINES - HEAD_LINES);
    else if (row)
        draw_region(screen, row, HEAD_LINES, LINES - HEAD_LINES);
    else
        put_text(HEAD_LINES + 1, 0, "%s was removed; Esc goes back", screen->looked_into);
    refresh();
}

static int take(struct screen *screen)
{
    int status = rows_take(&screen->rows);
    const struct row *row = screen->looked_into ? screen_find(screen, screen->looked_into) : NULL;

    if (row && !row->region->error && !row->region->is_mmap_sync)
        holds_take(&screen->holds, row->region->address, &row->region->info);
    return status;
}

/* ---- Keys ---- */

static void leave_region(struct screen *screen)
{
    free(screen->looked_into);
    screen->looked_into = NULL;
    holds_free(&screen->holds);
}

static int look_into(struct screen *screen)
{
    if (screen->looked_into || screen->selected >= screen->rows.count)
        return EXIT_OK;
    screen->looked_into = strdup(screen->rows.list[screen->selected].region->address);
    screen->first_reader = 0;
    return screen->looked_into ? take(screen) : fail_errno("top");
}

static void move_by(struct screen *screen, long by)
{
    size_t *at = screen->looked_into ? &screen->first_reader : &screen->selected;

    *at = by < 0 && (size_t)-by > *at ? 0 : *at + (size_t)by;
}

static int sort_by(struct screen *screen, int step)
{
    screen->rows.order = (enum row_order)(((int)screen->rows.order + step + ROW_ORDERS) % ROW_ORDERS);
    return rows_arrange(&screen->rows);
}

static void look_more_often(struct screen *screen, bool more)
{
    screen->interval_ms = more ? screen->interval_ms / 2 : screen->interval_ms * 2;
    if (screen->interval_ms < SHORTEST_MS)
        screen->interval_ms = SHORTEST_MS;
    if (screen->interval_ms > LONGEST_MS)
        screen->interval_ms = LONGEST_MS;
}

/* While a filter is typed. */
static int type_filter(struct screen *screen, int key)
{
    char *filter = screen->rows.filter;
    const size_t length = strlen(filter);

    if (key == '\n' || key == KEY_ENTER || key == ESCAPE) {
        screen->filtering = false;
        if (key == ESCAPE)
            *filter = '\0';
    } else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && length > 0) {
        filter[length - 1] = '\0';
    } else if (key >= ' ' && key < 256 && key != 127 && length + 1 < sizeof screen->rows.filter) {
        filter[length] = (char)key;
        filter[length + 1] = '\0';
    }
    return rows_arrange(&screen->rows);
}

static int go_back(struct screen *screen)
{
    if (screen->helping)
        screen->helping = false;
    else if (screen->looked_into)
        leave_region(screen);
    else
        *screen->rows.filter = '\0';
    return rows_arrange(&screen->rows);
}

static void move_cursor(struct screen *screen, int key)
{
    const long page = LINES > HEAD_LINES + 2 ? LINES - HEAD_LINES - 2 : 1;

    switch (key) {
    case KEY_UP:
    case 'k': move_by(screen, -1); break;
    case KEY_DOWN:
    case 'j': move_by(screen, 1); break;
    case KEY_PPAGE: move_by(screen, -page); break;
    case KEY_NPAGE: move_by(screen, page); break;
    case KEY_HOME: move_by(screen, LONG_MIN + 1); break;
    case KEY_END: move_by(screen, INT_MAX); break;
    default: break;
    }
}

/* Returns an exit status, or -1 to quit. */
static int press(struct screen *screen, int key)
{
    if (screen->filtering)
        return type_filter(screen, key);
    switch (key) {
    case 'q':
    case 'Q': return -1;
    case '?':
    case 'h': screen->helping = !screen->helping; break;
    case '\n':
    case KEY_ENTER:
    case KEY_RIGHT: return look_into(screen);
    case ESCAPE:
    case KEY_LEFT:
    case KEY_BACKSPACE: return go_back(screen);
    case '<': return sort_by(screen, -1);
    case '>': return sort_by(screen, 1);
    case 'r': screen->rows.reversed = !screen->rows.reversed; return rows_arrange(&screen->rows);
    case '/': screen->filtering = true; break;
    case '+': look_more_often(screen, false); break;
    case '-': look_more_often(screen, true); break;
    case ' ': screen->paused = !screen->paused; break;
    default: move_cursor(screen, key);
    }
    return EXIT_OK;
}

/* ---- On a terminal ---- */

static int milliseconds_left(const struct screen *screen)
{
    const uint64_t due = screen->rows.taken_ns + (uint64_t)screen->interval_ms * 1000000, now = monotonic_ns();

    return due > now ? (int)((due - now) / 1000000) + 1 : 0;
}

static int run(struct screen *screen)
{
    int status = take(screen);

    while (!status && !interrupted()) {
        int key;

        draw(screen);
        timeout(screen->paused ? (int)LONGEST_MS : milliseconds_left(screen));
        key = getch();
        if (key != ERR)
            status = press(screen, key);
        if (!status && !screen->paused && milliseconds_left(screen) == 0)
            status = take(screen);
    }
    return status < 0 ? EXIT_OK : status;
}

static int show(struct screen *screen)
{
    SCREEN *terminal;
    int status;

    setlocale(LC_CTYPE, "");
    terminal = newterm(NULL, stdout, stdin);
    if (!terminal)
        return fail("this terminal (TERM=%s) is not known; set TERM, or use --batch",
                    getenv("TERM") ? getenv("TERM") : "");
    interrupt_catch();
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    status = run(screen);
    endwin();
    delscreen(terminal);
    leave_region(screen);
    return interrupt_finish(status);
}

/* ---- Anywhere else ---- */

static void print_row(const struct row *row)
{
    const mms_info *info = &row->region->info;

    fputs(row->region->error ? "? " : "", stdout);
    print_escaped(row_name(row));
    if (row->region->error) {
        putchar(' ');
        print_escaped(row->region->error);
    } else {
        printf(" generation=%llu", (unsigned long long)info->generation);
        if (row->rate >= 0)
            printf(" rate=%.3f", row->rate);
        printf(" size=%llu readers=%u dead=%u memory=%llu", (unsigned long long)info->size, info->readers,
               info->readers_dead, (unsigned long long)info->bytes_used);
    }
    putchar('\n');
}

static void print_object(const struct row *row, uint64_t time_ns)
{
    const mms_info *info = &row->region->info;
    char text[6 * PATH_MAX];

    printf("{\"time_ns\": %llu, \"region\": \"%s\", ", (unsigned long long)time_ns,
           json_escape(row->region->path, text, sizeof text));
    if (row->region->error) {
        printf("\"error\": \"%s\"}\n", json_escape(row->region->error, text, sizeof text));
        return;
    }
    printf("\"error\": null, \"generation\": %llu, ", (unsigned long long)info->generation);
    if (row->rate >= 0)
        printf("\"rate\": %.3f, ", row->rate);
    else
        fputs("\"rate\": null, ", stdout);
    printf("\"size\": %llu, \"readers_alive\": %u, \"readers_dead\": %u, \"bytes_used\": %llu}\n",
           (unsigned long long)info->size, info->readers, info->readers_dead, (unsigned long long)info->bytes_used);
}

static void print_round(const struct screen *screen)
{
    const uint64_t time_ns = read_clock(CLOCK_REALTIME) - (monotonic_ns() - screen->rows.taken_ns);

    for (size_t i = 0; i < screen->rows.count; i++)
        if (wants_json())
            print_object(&screen->rows.list[i], time_ns);
        else
            print_row(&screen->rows.list[i]);
}

static int print_rounds(struct screen *screen, uint64_t count)
{
    interrupt_catch();
    for (uint64_t round = 0; (!count || round < count) && !interrupted(); round++) {
        int status;

        if (round > 0)
            interrupt_pause((int)screen->interval_ms);
        if (interrupted())
            break;
        status = take(screen);
        if (status)
            return status;
        if (round > 0 && !wants_json())
            putchar('\n');
        print_round(screen);
        if (!flush_output())
            return EXIT_FAILED;
    }
    return interrupt_finish(EXIT_OK);
}

/* ---- The command line ---- */

enum { BATCH = LONG_ONLY };

static const struct option long_options[] = {
    {"interval", required_argument, NULL, 'i'},
    {"sort", required_argument, NULL, 's'},
    {"reverse", no_argument, NULL, 'r'},
    {"batch", no_argument, NULL, 'b'},
    {"count", required_argument, NULL, 'n'},
    JSON_OPTION,
    COMMON_OPTIONS,
};

static enum row_order parse_order(const char *text)
{
    for (int order = 0; order < ROW_ORDERS; order++)
        if (!strcmp(text, row_order_name((enum row_order)order)))
            return (enum row_order)order;
    usage_error(&top_verb, "--sort %s: not one of name, generation, rate, age, size, readers and memory", text);
}

static unsigned parse_interval(const char *text)
{
    const uint64_t ms = parse_duration(&top_verb, "--interval", text) / 1000000;

    if (ms < SHORTEST_MS || ms > LONGEST_MS)
        usage_error(&top_verb, "--interval %s: not between 100ms and 60s", text);
    return (unsigned)ms;
}

int main(int argc, char **argv)
{
    static char shm[] = "/dev/shm";
    static char *standard[] = {shm};
    struct screen screen = {.interval_ms = 1000, .rows = {.directories = standard, .directory_count = 1}};
    uint64_t count = 0;
    bool batch = false;
    int option, status;

    while ((option = next_option(&top_verb, argc, argv, "i:s:rbjn:", long_options)) >= 0) {
        switch (option) {
        case 'i': screen.interval_ms = parse_interval(optarg); break;
        case 's': screen.rows.order = parse_order(optarg); break;
        case 'r': screen.rows.reversed = true; break;
        case 'b': batch = true; break;
        case 'n': count = parse_number(&top_verb, "--count", optarg, 1, UINT64_MAX); break;
        }
    }
    if (count_operands(&top_verb, argc, argv, 0, INT_MAX) > 0) {
        screen.rows.directories = argv + optind;
        screen.rows.directory_count = argc - optind;
    }
    if ((count || wants_json()) && !batch)
        usage_error(&top_verb, "%s is for --batch", count ? "--count" : "--json");
    if (!batch && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
        usage_error(&top_verb, "this is no terminal; use --batch");
    status = batch ? print_rounds(&screen, count) : show(&screen);
    rows_free(&screen.rows);
    return finish_output(status);
}
