/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: getopt_long with --help and --version everywhere, and values that are checked.
   An error ends the program with EXIT_USAGE and one line that names the option. */
#ifndef MMS_CLI_ARGUMENTS_H
#define MMS_CLI_ARGUMENTS_H

#include <getopt.h>
#include <mmsync.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct verb {
    const char *name;
    const char *synopsis; /* what follows the name: "REGION [FILE|-] [OPTION]..." */
    const char *help;     /* what it does, and its own options; each line ends in a newline */
};

/* The end of each table of long options. */
/* clang-format off */
#define JSON_OPTION {"json", no_argument, NULL, 'j'}
#define HELP_OF_JSON \
    "  -j, --json              print the result as a JSON object, and errors as objects on\n" \
    "                          standard error\n"
#define COMMON_OPTIONS {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}
/* clang-format on */
/* Options without a letter are numbered from here. */
enum { LONG_ONLY = 256 };

/* The next option, or -1 at the end. `letters` as in getopt, without a colon in front and
   without h and V. An option j means JSON: wants_json() from then on. */
int next_option(const struct verb *verb, int argc, char **argv, const char *letters, const struct option *options);

/* Does the verb whose options are being read, or were, know this one, "--max-size" or "--fence
   auto"? */
bool has_option(const char *name);

/* After the options: returns how many operands there are, at least `least` and at most `most`;
   argv[optind] is the first. */
int count_operands(const struct verb *verb, int argc, char **argv, int least, int most);

_Noreturn void usage_error(const struct verb *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whose files: FORMAT_AUTO is what is there. */
enum format { FORMAT_AUTO, FORMAT_MMSYNC, FORMAT_MMAP_SYNC };

/* Values of options; `name` is the option as the user knows it, "--max-size". */
uint64_t parse_size(const struct verb *verb, const char *name, const char *text); /* 4096, 64K, 1.5G; K = 1024 */
uint64_t parse_number(const struct verb *verb, const char *name, const char *text, uint64_t least, uint64_t most);
int32_t parse_wait(const struct verb *verb, const char *name, const char *text); /* ms or "forever", for grace_ms */
uint64_t parse_duration(const struct verb *verb, const char *name, const char *text); /* ns: 500ms, 30s, 5m, 12h, 7d */
uint32_t parse_mode(const struct verb *verb, const char *name, const char *text);
gid_t parse_group(const struct verb *verb, const char *name, const char *text);
uid_t parse_user(const struct verb *verb, const char *name, const char *text);
enum format parse_format(const struct verb *verb, const char *name, const char *text);
void parse_type(const struct verb *verb, const char *name, const char *text, uint64_t type_id[2]);

/* The path of a region, with its format in front for every call; unchanged if `format` is AUTO.
   Lives as long as the program. */
const char *path_in_format(const struct verb *verb, enum format format, const char *path);

#endif
