/* SPDX-License-Identifier: Apache-2.0 */
/* A writer process that does what it is told. Its values are those of support/pattern.h; the seed is the generation.

     open PATH [NAME=NUMBER | evict | symmetric | asymmetric]...   OK | ERROR; NAME is one of the writer's options
     write SIZE [N]   N times (once): OK GENERATION SLOT RECLAIMED EVICTED | MMS_E_AGAIN BLOCKERS PID... | ERROR
     begin SIZE       the same, and fills the buffer
     grow SIZE        OK | ERROR; fills it again
     commit SIZE      as write
     abort | close    OK | ERROR
     loop LOW HIGH    OK, and then writes of random sizes until the next command comes
     last             OK GENERATION, of the last write
     remove PATH      OK | ERROR */
#include "agent.h"
#include "pattern.h"
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mms_writer *writer;
static mms_receipt receipt;
static void *buffer;
static uint64_t last;

/* ---- Opening ---- */

#define OPTION(field)                                        \
    if (strcmp(name, #field) == 0) {                         \
        options->field = (__typeof__(options->field))number; \
        return;                                              \
    }

static void set_option(mms_writer_options *options, const char *name, long long number)
{
    OPTION(max_size)
    OPTION(max_slots)
    OPTION(max_readers)
    OPTION(grace_ms)
    OPTION(lock_wait_ms)
    OPTION(mode)
    OPTION(readers_mode)
    OPTION(gid)
    OPTION(checksum)
    OPTION(replace)
    fprintf(stderr, "writer: no option %s\n", name);
    exit(2);
}

static void read_option(mms_writer_options *options, char *word)
{
    char *number = strchr(word, '=');

    if (strcmp(word, "evict") == 0) {
        options->on_grace = MMS_EVICT;
    } else if (strcmp(word, "symmetric") == 0) {
        options->fence = MMS_FENCE_SYMMETRIC;
    } else if (strcmp(word, "asymmetric") == 0) {
        options->fence = MMS_FENCE_ASYMMETRIC;
    } else {
        if (number)
            *number++ = 0;
        set_option(options, word, number ? strtoll(number, NULL, 0) : 1);
    }
}

static void open_writer(char *arguments)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    const char *path = agent_word(&arguments);
    char *word;

    while (*(word = agent_word(&arguments)))
        read_option(&options, word);
    agent_answer_code(mms_writer_open(path, &options, &writer));
}

static void close_writer(char *arguments)
{
    int code = mms_writer_close(writer);

    (void)arguments;
    writer = NULL;
    agent_answer_code(code);
}

/* ---- Writing ---- */

static int begin(size_t size)
{
    int code = mms_write_begin(writer, size, &buffer, &receipt);

    if (code == 0)
        pattern_fill(buffer, size, receipt.generation);
    return code;
}

static int write_one(size_t size)
{
    int code = begin(size);

    if (code == 0)
        code = mms_write_commit(writer, size, &receipt);
    if (code == 0)
        last = receipt.generation;
    return code;
}

static void answer_receipt(int code)
{
    char blockers[128] = "";

    for (unsigned i = 0; i < receipt.blockers && i < sizeof receipt.blocker_pid / sizeof *receipt.blocker_pid; i++)
        snprintf(blockers + strlen(blockers), sizeof blockers - strlen(blockers), " %d", (int)receipt.blocker_pid[i]);
    if (code == MMS_E_AGAIN)
        agent_answer("MMS_E_AGAIN %u%s", receipt.blockers, blockers);
    else if (code != 0)
        agent_answer_code(code);
    else
        agent_answer("OK %llu %u %u %u", (unsigned long long)receipt.generation, receipt.slot, receipt.reclaimed,
                     receipt.evicted);
}

static void write_values(char *arguments)
{
    size_t size = (size_t)agent_number(&arguments);
    uint64_t count = agent_number(&arguments);
    int code = 0;

    for (uint64_t i = 0; code == 0 && i < (count ? count : 1); i++)
        code = write_one(size);
    answer_receipt(code);
}

static void begin_value(char *arguments)
{
    answer_receipt(begin((size_t)agent_number(&arguments)));
}

static void grow(char *arguments)
{
    size_t size = (size_t)agent_number(&arguments);
    int code = mms_write_grow(writer, size, &buffer);

    if (code == 0)
        pattern_fill(buffer, size, receipt.generation);
    agent_answer_code(code);
}

static void commit(char *arguments)
{
    size_t size = (size_t)agent_number(&arguments);

    pattern_fill(buffer, size, receipt.generation);
    answer_receipt(mms_write_commit(writer, size, &receipt));
}

static void abort_value(char *arguments)
{
    (void)arguments;
    agent_answer_code(mms_write_abort(writer));
}

static void loop(char *arguments)
{
    size_t low = (size_t)agent_number(&arguments), high = (size_t)agent_number(&arguments);
    uint64_t random = 88172645463325252u;

    agent_answer("OK");
    while (!agent_is_called())
        for (int i = 0; i < 20; i++) {
            int code = write_one(pattern_random_size(&random, low, high));

            if (code != 0 && code != MMS_E_AGAIN) {
                fprintf(stderr, "writer: %s\n", mms_last_error());
                exit(3);
            }
        }
}

static void tell_last(char *arguments)
{
    (void)arguments;
    agent_answer("OK %llu", (unsigned long long)last);
}

static void remove_region(char *arguments)
{
    agent_answer_code(mms_remove(arguments));
}

int main(void)
{
    static const struct agent_command commands[] = {
        {"open", open_writer},
        {"write", write_values},
        {"begin", begin_value},
        {"grow", grow},
        {"commit", commit},
        {"abort", abort_value},
        {"close", close_writer},
        {"loop", loop},
        {"last", tell_last},
        {"remove", remove_region},
        {NULL, NULL},
    };
    int status = agent_serve(commands);

    mms_writer_close(writer);
    return status;
}
