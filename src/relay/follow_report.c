/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/follow_report.h"
#include "cli/followed.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include "cli/now.h"
#include "cli/progress.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_EVERY_NS = 100000000 };

static struct progress fetching;
static bool is_fetching;
static bool drawn; /* on the terminal */
static char trouble[512];

static bool on_terminal(void)
{
    static int terminal = -1;

    if (terminal < 0)
        terminal = isatty(STDOUT_FILENO) && !wants_json();
    return terminal == 1;
}

/* One event, one line. Takes the object. */
static void print(json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;

    json_decref(object);
    if (text)
        puts(text);
    free(text);
    (void)flush_output();
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

void report_start(const struct follower *follower)
{
    if (!on_terminal())
        print(json_pack("{s:s, s:o, s:o, s:o}", "event", "start", "name", json_text(follower->name), "url",
                        json_text(follower->connection.url), "region", json_text(follower->path)));
}

void report_fetched(uint64_t size, uint64_t bytes)
{
    if (!is_fetching)
        progress_start(&fetching, "fetching", size);
    is_fetching = true;
    progress_add(&fetching, bytes - fetching.done);
}

/* Milliseconds from the publish at the source to `now`, by the clocks of both hosts. */
static double lag_ms(const struct follower *follower, uint64_t now)
{
    return (double)(int64_t)(now - follower->at.meta.publish_time_ns) / 1e6;
}

/* What was not printed yet: a source may publish thousands of times a second. */
static struct {
    uint64_t next_ns, generations, bytes, now;
} held;

static void draw(const struct follower *follower)
{
    char size[TEXT_SIZE];

    drawn = true;
    printf("\r%s: generation %" PRIu64 " of %s, %s, %.1f ms behind\033[K", follower->name, follower->at.generation,
           follower->origin.host, format_size(size, (double)follower->at.size), lag_ms(follower, held.now));
    (void)flush_output();
}

void report_held(const struct follower *follower, bool now)
{
    if (held.generations == 0 || (!now && monotonic_ns() < held.next_ns))
        return;
    held.next_ns = monotonic_ns() + LINE_EVERY_NS;
    if (on_terminal())
        draw(follower);
    else
        print(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:f}", "event", "generation", "generation",
                        number(follower->target.generation), "source_generation", number(follower->at.generation),
                        "generations", number(held.generations), "size", number(follower->at.size), "bytes",
                        number(held.bytes), "lag_ms", lag_ms(follower, held.now)));
    held.generations = held.bytes = 0;
}

void report_generation(const struct follower *follower, uint64_t now, uint64_t bytes)
{
    *trouble = '\0';
    held.generations++;
    held.bytes += bytes;
    held.now = now;
    report_held(follower, false);
}

static const char *const reasons[] = {
    [REBUILD_START] = "start", [REBUILD_GAP] = "gap", [REBUILD_BASE] = "base", [REBUILD_DAMAGE] = "damage"};

void report_rebuild(const struct follower *follower, enum rebuild_reason reason, const uint64_t *chunks, size_t listed,
                    uint64_t count, uint64_t bytes)
{
    json_t *list;

    if (is_fetching)
        progress_end(&fetching);
    is_fetching = false;
    report_held(follower, true);
    if (on_terminal()) {
        if (reason == REBUILD_DAMAGE)
            note("%s: damage was found and mended; %" PRIu64 " chunks were fetched", follower->name, count);
        return;
    }
    list = json_array();
    for (size_t i = 0; i < listed; i++)
        json_array_append_new(list, number(chunks[i]));
    print(json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "event", "rebuild", "reason", reasons[reason],
                    "source_generation", number(follower->at.generation), "fetched", number(count), "bytes",
                    number(bytes), "chunks", list));
}

void report_end(void)
{
    if (on_terminal() && drawn)
        putchar('\n');
}

void report_trouble(const char *text)
{
    if (!strncmp(text, trouble, sizeof trouble - 1))
        return;
    snprintf(trouble, sizeof trouble, "%s", text);
    if (on_terminal())
        fputs("\r\033[K", stdout);
    (void)flush_output();
    note("%s", text);
}

void report_silence(const struct follower *follower)
{
    char text[2 * sizeof trouble];

    snprintf(text, sizeof text, "%s does not answer: %s; trying again", follower->connection.url, stream_problem());
    report_trouble(text);
}

void report_closed(const struct follower *follower)
{
    char text[2 * sizeof trouble];

    snprintf(text, sizeof text, "%s has closed the connection: %s; connecting anew", follower->connection.url,
             connection_problem(&follower->connection));
    report_trouble(text);
}
