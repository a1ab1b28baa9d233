/* SPDX-License-Identifier: Apache-2.0 */
/* A reader process that does what it is told, with values of support/pattern.h.

     open PATH [evict] [symmetric] [asymmetric] [prefault] [copy] [detached]   OK pin | OK copy | ERROR
     reader                 only mms_reader_open: OK | ERROR
     more N                 open N further readers
     read | refresh         OK GENERATION SIZE CHANGED | TORN | ERROR
     check                  is the view that is held whole still: OK | TORN
     release | close | generation
     spin N                 N times read, check, release: OK LAST_GENERATION | TORN ... | ERROR
     loop                   OK, and then the same until the next command comes; what is wrong ends the program
     copy                   OK GENERATION SIZE | TORN | ERROR
     copies N               N times copy; MMS_E_AGAIN is tried again: OK LAST_GENERATION AGAINS | TORN | ERROR
     wait SEEN MS           OK GENERATION | ERROR
     follow PATH            OK, and then open, read until it is gone, close, and again; until the next command
     followed               OK REGIONS READS; what only a region half made, or damaged, says ends the program */
#include "agent.h"
#include "pattern.h"
#include <errno.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mms_region *region;
static mms_reader *reader;
static mms_view view;
static unsigned char *copy;
static size_t copy_capacity;

static void open_region(char *arguments)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    const char *path = agent_word(&arguments), *word;
    int code;

    while (*(word = agent_word(&arguments))) {
        options.allow_evict |= strcmp(word, "evict") == 0;
        options.prefault |= strcmp(word, "prefault") == 0;
        options.read_only |= strcmp(word, "copy") == 0;
        options.detached |= strcmp(word, "detached") == 0;
        if (strcmp(word, "symmetric") == 0)
            options.fence = MMS_FENCE_SYMMETRIC;
        if (strcmp(word, "asymmetric") == 0)
            options.fence = MMS_FENCE_ASYMMETRIC;
    }
    code = mms_region_open(path, &options, &region);
    if (code == 0 && mms_region_read_only(region)) {
        agent_answer("OK copy");
        return;
    }
    if (code == 0)
        code = mms_reader_open(region, &reader);
    if (code == 0)
        agent_answer("OK pin");
    else
        agent_answer_code(code);
}

static void open_reader(char *arguments)
{
    (void)arguments;
    agent_answer_code(mms_reader_open(region, &reader));
}

static void open_more(char *arguments)
{
    uint64_t count = agent_number(&arguments);
    mms_reader *other;
    int code = 0;

    while (code == 0 && count-- > 0)
        code = mms_reader_open(region, &other);
    agent_answer_code(code);
}

static bool is_whole(void)
{
    return pattern_check(view.data, view.size, view.generation);
}

static void answer_view(int code)
{
    if (code != 0)
        agent_answer_code(code);
    else if (!is_whole())
        agent_answer("TORN generation %llu size %zu", (unsigned long long)view.generation, view.size);
    else
        agent_answer("OK %llu %zu %d", (unsigned long long)view.generation, view.size, view.changed);
}

static void read_value(char *arguments)
{
    (void)arguments;
    answer_view(mms_read(reader, &view));
}

static void refresh(char *arguments)
{
    (void)arguments;
    answer_view(mms_refresh(reader, &view));
}

static void check(char *arguments)
{
    (void)arguments;
    agent_answer(is_whole() ? "OK" : "TORN");
}

static void release(char *arguments)
{
    (void)arguments;
    agent_answer_code(mms_release(reader));
}

static void close_all(char *arguments)
{
    int code = mms_reader_close(reader), closed;

    (void)arguments;
    reader = NULL;
    closed = mms_region_close(region);
    region = NULL;
    agent_answer_code(code ? code : closed);
}

static void tell_generation(char *arguments)
{
    (void)arguments;
    agent_answer("OK %llu", (unsigned long long)mms_generation(region));
}

/* NULL, or what is wrong. */
static const char *read_once(uint64_t *last)
{
    int code = mms_read(reader, &view);
    bool whole;

    if (code != 0)
        return mms_error_name(code);
    whole = is_whole();
    code = mms_release(reader);
    if (code != 0)
        return mms_error_name(code);
    if (!whole)
        return "TORN";
    if (view.generation < *last)
        return "BACKWARD";
    *last = view.generation;
    return NULL;
}

static void spin(char *arguments)
{
    uint64_t count = agent_number(&arguments), last = 0;
    const char *wrong = NULL;

    while (!wrong && count-- > 0)
        wrong = read_once(&last);
    if (wrong)
        agent_answer("%s generation %llu size %zu", wrong, (unsigned long long)view.generation, view.size);
    else
        agent_answer("OK %llu", (unsigned long long)last);
}

static void loop(char *arguments)
{
    uint64_t last = 0;
    const char *wrong = NULL;

    (void)arguments;
    agent_answer("OK");
    while (!wrong && !agent_is_called())
        for (int i = 0; !wrong && i < 100; i++)
            wrong = read_once(&last);
    if (wrong) {
        fprintf(stderr, "reader: %s at generation %llu\n", wrong, (unsigned long long)view.generation);
        exit(3);
    }
}

/* ---- Copies ---- */

static int copy_once(size_t *size, uint64_t *generation)
{
    int code;

    while ((code = mms_read_copy(region, copy, copy_capacity, size, generation)) == MMS_E_TOO_BIG) {
        unsigned char *larger = realloc(copy, *size);

        if (!larger)
            return -ENOMEM;
        copy = larger;
        copy_capacity = *size;
    }
    return code;
}

static void copy_value(char *arguments)
{
    size_t size;
    uint64_t generation;
    int code = copy_once(&size, &generation);

    (void)arguments;
    if (code != 0)
        agent_answer_code(code);
    else if (!pattern_check(copy, size, generation))
        agent_answer("TORN generation %llu size %zu", (unsigned long long)generation, size);
    else
        agent_answer("OK %llu %zu", (unsigned long long)generation, size);
}

static void copy_values(char *arguments)
{
    uint64_t count = agent_number(&arguments), last = 0, agains = 0;

    while (count > 0) {
        size_t size;
        uint64_t generation;
        int code = copy_once(&size, &generation);

        if (code == MMS_E_AGAIN) {
            agains++;
            continue;
        }
        if (code != 0 || !pattern_check(copy, size, generation) || generation < last) {
            agent_answer("%s", code != 0 ? mms_error_name(code) : generation < last ? "BACKWARD" : "TORN");
            return;
        }
        last = generation;
        count--;
    }
    agent_answer("OK %llu %llu", (unsigned long long)last, (unsigned long long)agains);
}

static void wait_for_change(char *arguments)
{
    uint64_t seen = agent_number(&arguments);
    int code = mms_wait(reader, seen, (int)strtol(agent_word(&arguments), NULL, 0));

    if (code != 0)
        agent_answer_code(code);
    else
        agent_answer("OK %llu", (unsigned long long)mms_generation(region));
}

/* ---- A region that comes and goes ---- */

static uint64_t regions_seen, reads_done;

static void complain(const char *what, int code)
{
    fprintf(stderr, "reader: %s: %s\n", what, code ? mms_last_error() : "a value is torn or older than the last");
    exit(3);
}

/* Between opening the region and finding it gone again. */
static void read_until_gone(void)
{
    uint64_t last = 0;
    int code;

    while ((code = mms_read(reader, &view)) == 0 || code == MMS_E_EMPTY)
        if (code == 0) {
            if (!is_whole() || view.generation < last)
                complain("following", 0);
            last = view.generation;
            reads_done++;
        } else if (agent_is_called()) {
            return;
        }
    if (code != MMS_E_GONE)
        complain("reading", code);
}

static void follow(char *arguments)
{
    const char *path = agent_word(&arguments);

    agent_answer("OK");
    while (!agent_is_called()) {
        int code = mms_region_open(path, NULL, &region);

        if (code == 0) {
            code = mms_reader_open(region, &reader);
            regions_seen++;
            if (code == 0)
                read_until_gone();
            else if (code != MMS_E_GONE) /* removed between the two */
                complain("opening a reader", code);
            mms_reader_close(reader);
            mms_region_close(region);
        } else if (code != -ENOENT && code != MMS_E_GONE) {
            complain("opening", code);
        }
    }
    reader = NULL;
    region = NULL;
}

static void tell_followed(char *arguments)
{
    (void)arguments;
    agent_answer("OK %llu %llu", (unsigned long long)regions_seen, (unsigned long long)reads_done);
}

int main(void)
{
    static const struct agent_command commands[] = {
        {"open", open_region},
        {"reader", open_reader},
        {"more", open_more},
        {"read", read_value},
        {"refresh", refresh},
        {"check", check},
        {"release", release},
        {"close", close_all},
        {"spin", spin},
        {"loop", loop},
        {"copy", copy_value},
        {"copies", copy_values},
        {"wait", wait_for_change},
        {"generation", tell_generation},
        {"follow", follow},
        {"followed", tell_followed},
        {NULL, NULL},
    };
    int status = agent_serve(commands);

    mms_reader_close(reader);
    mms_region_close(region);
    free(copy);
    return status;
}
