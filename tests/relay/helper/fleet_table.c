/* SPDX-License-Identifier: Apache-2.0 */
/* fleet_table PATH FILE PAUSE_US: keep a table of the words in FILE, one a line, and put eight of them anew in each commit, until
   SIGTERM. For each generation it prints the hash of the whole value and its number, as fleet_writer does, before the next one is
   published. */
#include "relay/tree.h"
#include <mmsync.h>
#include <mmsync/table.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE = 256, WORDS_MOST = 20000, PER_COMMIT = 8 };

static mms_writer *writer;
static mms_reader *reader;
static char (*words)[LINE];
static size_t word_count;
static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void expect(int code, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "fleet_table: %s: %s\n", what, mms_last_error());
    exit(1);
}

/* Not comments, nor empty lines. */
static void load(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[LINE];

    words = calloc(WORDS_MOST, sizeof *words);
    if (!file || !words) {
        perror(path);
        exit(1);
    }
    while (word_count < WORDS_MOST && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line && strncmp(line, "//", 2) != 0)
            memcpy(words[word_count++], line, sizeof line);
    }
    fclose(file);
    if (word_count == 0) {
        fprintf(stderr, "fleet_table: %s has no words\n", path);
        exit(1);
    }
}

static void print_newest(uint64_t generation)
{
    struct hash hash;
    mms_view view;

    expect(mms_read(reader, &view), "a read");
    hash = hash_bytes(view.data, view.size);
    expect(mms_release(reader), "the end of a view");
    for (size_t i = 0; i < sizeof hash.bytes; i++)
        printf("%02x", (unsigned)hash.bytes[i]);
    printf(" %llu\n", (unsigned long long)generation);
    fflush(stdout);
}

static void put(size_t first, size_t count, uint64_t revision)
{
    mms_receipt receipt;
    mms_table *table;

    expect(mms_table_begin(writer, NULL, &table), "an update");
    for (size_t i = 0; i < count; i++) {
        const char *word = words[(first + i) % word_count];
        char value[64];
        const int length = snprintf(value, sizeof value, "revision %llu", (unsigned long long)revision);

        expect(mms_table_put(table, word, strlen(word), value, (size_t)length), "a put");
    }
    expect(mms_table_commit(table, &receipt), "a commit");
    print_newest(receipt.generation);
}

int main(int argc, char **argv)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_region *region;
    long pause_us;

    if (argc != 4)
        return 2;
    signal(SIGTERM, stop);
    load(argv[2]);
    pause_us = strtol(argv[3], NULL, 10);
    options.max_size = UINT64_C(1) << 26;
    options.max_slots = 16;
    expect(mms_writer_open(argv[1], &options, &writer), "the region");
    expect(mms_region_open(argv[1], NULL, &region), "the region");
    expect(mms_reader_open(region, &reader), "a reader");
    put(0, word_count, 0);
    for (uint64_t revision = 1; !stopped; revision++) {
        nanosleep(&(struct timespec){pause_us / 1000000, pause_us % 1000000 * 1000}, NULL);
        put((size_t)(revision * 7919 * PER_COMMIT % word_count), PER_COMMIT, revision);
    }
    mms_reader_close(reader);
    mms_region_close(region);
    mms_writer_close(writer);
    free(words);
    return 0;
}
