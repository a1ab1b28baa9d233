/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* The stress test as a program, which runs its short form unless told otherwise. script/stress
   runs the long one. */
#include "jolt.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: jolt [--seconds N] [--readers N] [--jolt-us N] [--sizes LOW-HIGH] [--few-slots N] [--evict] [--kill]\n"
    "            [--fence auto|symmetric|asymmetric|mixed] [--seed N] [--directory DIRECTORY]\n"
    "A writer publishes values of random size; readers check each view while they are stopped and resumed at random.\n"
    "  --seconds N      [10]\n"
    "  --readers N      processes, 1 to 64 [4]\n"
    "  --jolt-us N      longest pause of a jolted process, and between two jolts; 0: no jolts [60]\n"
    "  --sizes LOW-HIGH bytes, with K or M [1-4M]\n"
    "  --few-slots N    max_slots [the default]\n"
    "  --evict          the writer does not wait; half of the readers allow eviction\n"
    "  --kill           SIGKILL readers and the writer at random, and start others\n"
    "  --fence mixed    readers of each kind; the writer changes, and some have no membarrier\n"
    "  --directory D    where the region is made [/dev/shm]\n"
    "Exit status 0: nothing torn, stale, backward, lost or stuck. 1: something was. 2: usage.\n";

static const struct option options[] = {
    {"seconds", required_argument, NULL, 's'},
    {"readers", required_argument, NULL, 'r'},
    {"jolt-us", required_argument, NULL, 'j'},
    {"sizes", required_argument, NULL, 'z'},
    {"few-slots", required_argument, NULL, 'n'},
    {"evict", no_argument, NULL, 'e'},
    {"kill", no_argument, NULL, 'k'},
    {"fence", required_argument, NULL, 'f'},
    {"seed", required_argument, NULL, 'S'},
    {"directory", required_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static double read_number(const char *text, double lowest, double highest, bool *good)
{
    char *end;
    double number = strtod(text, &end);

    *good &= end != text && *end == 0 && number >= lowest && number <= highest;
    return number;
}

static size_t read_size(const char *text, char **end)
{
    size_t size = strtoul(text, end, 10);

    if (**end == 'K' || **end == 'M')
        size <<= *(*end)++ == 'K' ? 10 : 20;
    return size;
}

static bool read_sizes(const char *text, struct jolt_config *config)
{
    char *end;

    config->smallest = read_size(text, &end);
    if (*end++ != '-')
        return false;
    config->largest = read_size(end, &end);
    return *end == 0 && config->smallest >= 1 && config->smallest <= config->largest;
}

static bool read_fence(const char *text, enum jolt_fence *fence)
{
    static const char *const names[] = {"auto", "symmetric", "asymmetric", "mixed"};

    for (int i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0) {
            *fence = (enum jolt_fence)i;
            return true;
        }
    return false;
}

static bool read_option(struct jolt_config *config, int option)
{
    bool good = true;

    switch (option) {
    case 's': config->seconds = read_number(optarg, 0.1, 1e6, &good); break;
    case 'r': config->readers = (unsigned)read_number(optarg, 1, JOLT_READERS_MAX, &good); break;
    case 'j': config->jolt_us = (unsigned)read_number(optarg, 0, 100000, &good); break;
    case 'z': good = read_sizes(optarg, config); break;
    case 'n': config->max_slots = (unsigned)read_number(optarg, 2, 65535, &good); break;
    case 'e': config->evict = true; break;
    case 'k': config->kill = true; break;
    case 'f': good = read_fence(optarg, &config->fence); break;
    case 'S': config->seed = (uint64_t)read_number(optarg, 1, 1e18, &good); break;
    case 'd': config->directory = optarg; break;
    default: good = false;
    }
    return good;
}

int main(int argc, char **argv)
{
    struct jolt_config config = jolt_defaults();

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        if (option == 'h')
            return fputs(usage, stdout) == EOF;
        if (!read_option(&config, option)) {
            fputs(usage, stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return 2;
    }
    return jolt_test(&config);
}
