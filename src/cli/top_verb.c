/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_verb.h"

const struct verb top_verb = {
    .name = "top",
    .synopsis = "[DIRECTORY]... [OPTION]...",
    .help = "Watch the regions in each DIRECTORY (/dev/shm), and the files of mmap-sync: publish\n"
            "rates, ages, readers, memory. Enter looks into a region: which processes read it, and\n"
            "what each holds and for how long. The key ? shows all keys.\n"
            "\n"
            "  -i, --interval TIME     how often to look: 100ms to 60s (1s)\n"
            "  -s, --sort KEY          name, generation, rate, age, size, readers or memory; largest\n"
            "                          first, except for names (name)\n"
            "  -r, --reverse           reverse the order\n"
            "  -b, --batch             print lines instead of a screen, for files and pipes: a line\n"
            "                          for each region, and an empty one between two rounds\n"
            "  -j, --json              the lines are JSON objects, and none is empty; with --batch\n"
            "  -n, --count N           end after N rounds; with --batch\n",
};
