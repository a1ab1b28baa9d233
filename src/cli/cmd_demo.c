/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/demo/conductor.h"
#include "cli/message.h"
#include <string.h>

static const struct verb verb = {
    .name = "demo",
    .synopsis = "[OPTION]...",
    .help =
        "Look things up in real data, from several processes at once, while a writer replaces that data up to 240\n"
        "times a second. Every answer is checked. Meanwhile one reader is killed while it holds a view, another is\n"
        "stopped for a second, and the writer is killed in the middle of a write and replaced.\n"
        "Exit status 1 if anything was torn, wrong, lost or stuck.\n"
        "\n"
        "      --table             keep one table of the data up to date, key by key, instead of publishing all of it:\n"
        "                          2,000 commits a second, each of 8 keys\n"
        "  -s, --seconds S         how long, 3 or more (15)\n"
        "  -r, --readers N         reader processes, 2 to 64 (4)\n"
        "      --data SET          oui: who makes the network card with this MAC address, from the IEEE's registry;\n"
        "                          Debian has it in the package ieee-data.\n"
        "                          public-suffix: what part of this host name was registered, from the public suffix\n"
        "                          list; Debian has it in the package publicsuffix.\n"
        "                          (oui, or the other if only that is installed)\n"
        "      --file FILE         the data set, if it is not where Debian has it\n"
        "  -d, --directory DIR     where to make the region, which is removed at the end (/dev/shm)\n"
        "      --json FILE         write the figures to FILE; - is standard output\n",
};

enum { OPTION_DATA = LONG_ONLY, OPTION_FILE, OPTION_JSON, OPTION_TABLE };

static const struct option long_options[] = {
    {"seconds", required_argument, NULL, 's'},      {"readers", required_argument, NULL, 'r'},
    {"data", required_argument, NULL, OPTION_DATA}, {"file", required_argument, NULL, OPTION_FILE},
    {"table", no_argument, NULL, OPTION_TABLE},     {"directory", required_argument, NULL, 'd'},
    {"json", required_argument, NULL, OPTION_JSON}, COMMON_OPTIONS};

/* As the conductor starts its children: demo --role ROLE DESCRIPTOR NUMBER. */
static int play_role(int argc, char **argv)
{
    struct board *board;
    unsigned number;

    if (argc != 5)
        usage_error(&verb, "--role is for processes that the demo starts itself");
    number = (unsigned)parse_number(&verb, "--role", argv[4], 0, CELLS - 1);
    board = board_open((int)parse_number(&verb, "--role", argv[3], 0, 1 << 20));
    if (!board)
        return EXIT_FAILED;
    if (!strcmp(argv[2], "reader"))
        return run_reader(board, number);
    if (!strcmp(argv[2], "writer") && number < WRITERS)
        return run_writer(board, number);
    usage_error(&verb, "there is no role '%s'", argv[2]);
}

static enum data_kind parse_kind(const char *text)
{
    if (!strcmp(text, data_name(DATA_OUI)))
        return DATA_OUI;
    if (!strcmp(text, data_name(DATA_SUFFIX)))
        return DATA_SUFFIX;
    usage_error(&verb, "--data: '%s' is neither oui nor public-suffix", text);
}

static void take_option(struct demo_options *options, int option)
{
    switch (option) {
    case 's': options->seconds = (unsigned)parse_number(&verb, "--seconds", optarg, 3, 3600); break;
    case 'r': options->readers = (unsigned)parse_number(&verb, "--readers", optarg, READERS_LEAST, READERS_MOST); break;
    case OPTION_DATA: options->kind = parse_kind(optarg); break;
    case OPTION_FILE: options->file = optarg; break;
    case 'd': options->directory = optarg; break;
    case OPTION_TABLE: options->form = FORM_TABLE; break;
    default: options->json = optarg;
    }
}

int cmd_demo(int argc, char **argv)
{
    struct demo_options options = {.seconds = 15, .readers = 4, .directory = "/dev/shm"};
    int option;

    if (argc > 1 && !strcmp(argv[1], "--role"))
        return play_role(argc, argv);
    while ((option = next_option(&verb, argc, argv, "s:r:d:", long_options)) != -1)
        take_option(&options, option);
    count_operands(&verb, argc, argv, 0, 0);
    if (options.file && options.kind == DATA_ANY)
        usage_error(&verb, "--file needs --data, which says what is in it");
    return conduct(&options);
}
