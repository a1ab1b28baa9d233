/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/exporter/http.h"
#include "cli/exporter/metrics.h"
#include "cli/interrupt.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include "cli/result.h"
#include "cli/sink.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct verb verb = {
    .name = "exporter",
    .synopsis = "[DIRECTORY]... [OPTION]...",
    .help = "Export metrics of the regions in each DIRECTORY (/dev/shm) to Prometheus: over HTTP at\n"
            "/metrics until a signal comes, or once, to a file.\n"
            "\n"
            "  -l, --listen ADDRESS    HOST:PORT, [IPV6-ADDRESS]:PORT or :PORT; port 0 takes a free\n"
            "                          one; the URL is printed (127.0.0.1:9979)\n"
            "  -t, --textfile FILE     write FILE, or - for standard output, and end. FILE is replaced\n"
            "                          atomically, as the node exporter's textfile collector needs\n"
            "  -j, --json              print the URL, or what FILE has, as a JSON object, and errors as\n"
            "                          objects on standard error\n",
};

static const struct option long_options[] = {
    {"listen", required_argument, NULL, 'l'},
    {"textfile", required_argument, NULL, 't'},
    JSON_OPTION,
    COMMON_OPTIONS,
};

static int write_textfile(const char *file, char *const *directories, int count)
{
    struct survey survey = {.is_repeated = false};
    struct metrics metrics = {.text = NULL};
    struct sink sink;
    int status = sink_open(&sink, file);

    if (!status && !metrics_write(&metrics, &survey, directories, count))
        status = fail("out of memory for the metrics");
    if (!status)
        status = sink_write(&sink, metrics.text, metrics.size);
    if (!status)
        status = sink_commit(&sink);
    if (!status && wants_json())
        status = result_print(json_pack("{s:o, s:o, s:o}", "file", json_text(file), "regions",
                                        result_number(survey.found.count), "bytes", result_number(metrics.size)));
    sink_close(&sink);
    survey_free(&survey);
    free(metrics.text);
    return interrupt_finish(status);
}

int cmd_exporter(int argc, char **argv)
{
    static char shm[] = "/dev/shm";
    char *const standard[] = {shm}, *const *directories = standard;
    const char *address = NULL, *file = NULL;
    int option, count;

    while ((option = next_option(&verb, argc, argv, "l:t:j", long_options)) >= 0) {
        if (option == 'l')
            address = optarg;
        else if (option == 't')
            file = optarg;
    }
    if (address && file)
        usage_error(&verb, "--listen and --textfile exclude each other");
    if (file && wants_json() && !strcmp(file, "-"))
        usage_error(&verb, "--json is not for metrics on standard output; name a FILE");
    count = count_operands(&verb, argc, argv, 0, INT_MAX);
    if (count > 0)
        directories = argv + optind;
    else
        count = 1;
    if (file)
        return write_textfile(file, directories, count);
    return http_serve(address ? address : "127.0.0.1:9979", directories, count);
}
