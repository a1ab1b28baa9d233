/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_verb.h"

const struct verb top_verb = {
    .name = "top",
    .synopsis = "[DIRECTORY]... [OPTION]...",
    .help = "Watch the regions in each DIRECTORY (/dev/shm), and the files of mmap-sync: rates of\n"
            "publishes, ages, readers, memory. Enter looks into a region: which processes read it,\n"
            "and what each has held, for how long. The key ? shows all keys.\n"
            "\n"
            "  -i, --interval TIME     look so often: 100ms to 60s (1s)\n"
            "  -s, --sort KEY          name, generation, rate, age, size, readers or memory; largest\n"
            "                          first, but for names (name)\n"
            "  -r, --reverse           the other way round\n"
            "  -b, --batch             print lines instead of a screen, for files and pipes: a line\n"
            "                          for each region, and an empty one between two rounds\n"
            "  -j, --json              the lines are JSON objects, and none is empty; with --batch\n"
            "  -n, --count N           end after N rounds; with --batch\n",
};
