/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include <dlfcn.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    void (*run)(struct session *);
} modes[] = {
    {"read", mode_read},   {"first", mode_first},   {"write", mode_write}, {"seen", mode_seen},
    {"table", mode_table}, {"memory", mode_memory}, {"calls", mode_calls}, {"step", mode_step},
    {"parts", mode_parts}, {"beside", mode_beside}, {"many", mode_many},   {"keys", mode_keys},
};

static const struct option long_options[] = {
    {"mode", required_argument, NULL, 'm'},      {"contestant", required_argument, NULL, 'p'},
    {"directory", required_argument, NULL, 'd'}, {"size", required_argument, NULL, 's'},
    {"readers", required_argument, NULL, 'r'},   {"attached", required_argument, NULL, 'a'},
    {"rate", required_argument, NULL, 'R'},      {"seconds", required_argument, NULL, 't'},
    {"count", required_argument, NULL, 'n'},     {"checked", no_argument, NULL, 'c'},
    {"typed", no_argument, NULL, 'T'},           {"spin", no_argument, NULL, 'S'},
    {"in-place", no_argument, NULL, 'i'},        {"commit", no_argument, NULL, 'C'},
    {"prefault", no_argument, NULL, 'f'},        {"writes", no_argument, NULL, 'w'},
    {"entries", no_argument, NULL, 'e'},         {"anywhere", no_argument, NULL, 'y'},
    {"change", required_argument, NULL, 'k'},    {"texts", no_argument, NULL, 'x'},
    {"walk", required_argument, NULL, 'W'},      {NULL, 0, NULL, 0},
};

_Noreturn static void usage(void)
{
    fputs("usage: bench-run --mode MODE --contestant FILE.so --directory EMPTY-DIRECTORY [OPTION]...\nmodes:", stderr);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        fprintf(stderr, " %s", modes[i].name);
    fputs("\noptions:", stderr);
    for (const struct option *option = long_options; option->name; option++)
        fprintf(stderr, " --%s%s", option->name, option->has_arg ? " X" : "");
    fputc('\n', stderr);
    exit(2);
}

/* NAME:PLACES:PARTS */
static void parse_kind(struct options *options, const char *text)
{
    struct kind *kind = &options->kinds[options->kind_count];

    if (options->kind_count == CHANGES_MOST ||
        sscanf(text, "%15[^:]:%zu:%zu", kind->name, &kind->count, &kind->length) != 3 || kind->count == 0 ||
        kind->length == 0)
        usage();
    options->kind_count++;
}

static struct options parse(int argc, char **argv)
{
    struct options options = {.size = BENCH_HELLO_SIZE, .readers = 1, .seconds = 0.2, .count = 1000};
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'm': options.mode = optarg; break;
        case 'p': options.plugin = optarg; break;
        case 'd': options.directory = optarg; break;
        case 's': options.size = (size_t)strtoull(optarg, NULL, 10); break;
        case 'r': options.readers = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'a': options.attached = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'R': options.rate = strtod(optarg, NULL); break;
        case 't': options.seconds = strtod(optarg, NULL); break;
        case 'n': options.count = (size_t)strtoull(optarg, NULL, 10); break;
        case 'c': options.checked = true; break;
        case 'T': options.typed = true; break;
        case 'S': options.spin = true; break;
        case 'i': options.in_place = true; break;
        case 'C': options.commit = true; break;
        case 'f': options.prefault = true; break;
        case 'w': options.writes = true; break;
        case 'e': options.entries = true; break;
        case 'y': options.anywhere = true; break;
        case 'W': options.walk = (size_t)strtoull(optarg, NULL, 10); break;
        case 'x': options.texts = true; break;
        case 'k': parse_kind(&options, optarg); break;
        default: usage();
        }
    }
    if (optind < argc || !options.mode || !options.plugin || !options.directory || options.size < BENCH_VERSION_AT)
        usage();
    return options;
}

static const struct bench_contestant *load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct bench_contestant *(*get)(void);
    const struct bench_contestant *contestant = NULL;

    if (library) {
        *(void **)&get = dlsym(library, "bench_contestant");
        contestant = get ? get() : NULL;
    }
    if (!contestant || contestant->abi != BENCH_ABI) {
        fprintf(stderr, "%s is not a contestant of this harness: %s\n", path, contestant ? "another ABI" : dlerror());
        exit(1);
    }
    return contestant;
}

/* The driver asks each contestant only for what it can do; people may ask for anything. */
static bool can(const struct bench_contestant *contestant, const struct options *options)
{
    const char *mode = options->mode;

    if (strcmp(mode, "parts") == 0 || strcmp(mode, "beside") == 0)
        return (options->entries ? contestant->entries.change : contestant->records.change) != NULL;
    if (strcmp(mode, "keys") == 0)
        return contestant->keys.put != NULL;
    return contestant->write && (strcmp(mode, "many") != 0 || contestant->wait) &&
           (!options->checked || contestant->read_checked) && (!options->typed || contestant->write_typed) &&
           (!options->commit || contestant->begin) && (strcmp(mode, "table") != 0 || contestant->table_build) &&
           ((strcmp(mode, "first") != 0 && strcmp(mode, "memory") != 0) || contestant->touch) &&
           (strcmp(mode, "seen") != 0 || options->spin || contestant->wait);
}

int main(int argc, char **argv)
{
    struct options options = parse(argc, argv);
    const struct bench_contestant *contestant = load(options.plugin);
    struct session session;

    if (!can(contestant, &options)) {
        fprintf(stderr, "%s cannot do that\n", contestant->name);
        return 1;
    }

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(modes[i].name, options.mode) != 0)
            continue;
        clock_calibrate();
        session_open(&session, &options, contestant);
        modes[i].run(&session);
        figure_text("version", contestant->version());
        figures_end();
        return 0;
    }
    usage();
}
