/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top/holds.h"
#include "cli/now.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The reader calls itself by the number that it has in its own PID namespace, so in a container this may be another
   process, or none. */
static void find_name(char name[17], pid_t pid)
{
    char path[64];
    FILE *file;

    *name = '\0';
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(name, 17, file))
        name[strcspn(name, "\n")] = '\0';
    fclose(file);
}

static bool is_same_hold(const mms_reader_info *a, const mms_reader_info *b)
{
    return a->line == b->line && a->pid == b->pid && a->tid == b->tid && a->pinned && b->pinned &&
           a->generation == b->generation;
}

/* Holds that end and begin again between two looks are taken for one only if nothing newer was pinned. */
static uint64_t since(const struct holds *before, const mms_reader_info *reader, uint64_t now)
{
    for (size_t i = 0; i < before->count; i++)
        if (is_same_hold(&before->list[i].reader, reader))
            return before->list[i].since_ns;
    return now;
}

static int compare(const void *a, const void *b)
{
    const struct hold *left = a, *right = b;

    if (left->reader.pinned != right->reader.pinned)
        return left->reader.pinned ? -1 : 1;
    if (left->reader.pinned && left->since_ns != right->since_ns)
        return left->since_ns < right->since_ns ? -1 : 1;
    return (left->reader.line > right->reader.line) - (left->reader.line < right->reader.line);
}

static void describe(struct holds *holds, const struct holds *before, const mms_reader_info *readers, size_t count)
{
    const uint64_t now = monotonic_ns();

    holds->list = calloc(count > 0 ? count : 1, sizeof *holds->list);
    holds->count = holds->list ? count : 0;
    for (size_t i = 0; i < holds->count; i++) {
        holds->list[i].reader = readers[i];
        holds->list[i].since_ns = since(before, &readers[i], now);
        find_name(holds->list[i].name, readers[i].pid);
    }
    if (holds->count > 0)
        qsort(holds->list, holds->count, sizeof *holds->list, compare);
}

void holds_take(struct holds *holds, const char *address, const mms_info *info)
{
    struct holds before = *holds;
    const size_t room = info->readers + info->readers_dead + 16; /* for those that have come since */
    mms_reader_info *readers = calloc(room, sizeof *readers);
    size_t count = 0;

    *holds = (struct holds){.code = -ENOMEM};
    if (readers)
        holds->code = mms_inspect_readers(address, readers, room, &count);
    if (readers && holds->code == 0)
        describe(holds, &before, readers, count < room ? count : room);
    free(readers);
    holds_free(&before);
}

void holds_free(struct holds *holds)
{
    free(holds->list);
    *holds = (struct holds){.list = NULL};
}
