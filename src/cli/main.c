/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/message.h"
#include <fcntl.h>
#include <mmsync.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *synopsis, *summary;
} verbs[] = {
    {"write", cmd_write, "write REGION [FILE|-]", "publish a file or standard input"},
    {"read", cmd_read, "read REGION [-o FILE]", "write the current bytes to standard output"},
    {"dump", cmd_dump, "dump REGION [FILE]", "back up the value with its type, schema and tag"},
    {"restore", cmd_restore, "restore REGION [FILE|-]", "publish the value in a dump"},
    {"put", cmd_put, "put REGION KEY [VALUE]", "store entries in a table"},
    {"get", cmd_get, "get REGION KEY...", "print the values of keys"},
    {"del", cmd_del, "del REGION KEY...", "delete keys from a table"},
    {"keys", cmd_keys, "keys REGION", "print the keys of a table"},
    {"load", cmd_load, "load REGION [FILE|-]", "put many entries into a table"},
    {"history", cmd_history, "history REGION", "list the values that are still there"},
    {"rollback", cmd_rollback, "rollback REGION", "make an older value the newest again"},
    {"recover", cmd_recover, "recover REGION", "after a reboot, bring a durable value back"},
    {"watch", cmd_watch, "watch REGION", "print a line for each new generation"},
    {"stat", cmd_stat, "stat REGION [--json]", "show geometry, value, writer and readers"},
    {"top", cmd_top, "top [DIRECTORY]...", "watch regions: rates, ages, readers"},
    {"ls", cmd_ls, "ls [DIRECTORY]...", "list regions"},
    {"check", cmd_check, "check REGION", "is there a value, and is it fresh? For probes"},
    {"exporter", cmd_exporter, "exporter [DIRECTORY]...", "export metrics of regions to Prometheus"},
    {"verify", cmd_verify, "verify REGION", "check every structure, and checksums"},
    {"rm", cmd_rm, "rm REGION...", "remove a region"},
    {"repair", cmd_repair, "repair PREFIX", "take back counts that dead readers of mmap-sync left"},
    {"bridge", cmd_bridge, "bridge FROM TO", "keep a region and files of mmap-sync in sync"},
    {"push", cmd_push, "push REGION URL", "send a region to other hosts"},
    {"follow", cmd_follow, "follow URL NAME REGION", "keep a region in sync with one on another host"},
    {"bench", cmd_bench, "bench", "measure this machine"},
    {"demo", cmd_demo, "demo", "watch look-ups in real data, with crashes"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static int print_help(void)
{
    puts("Usage: mmsync VERB [ARGUMENT]...\n"
         "Share one large, read-mostly value between one writer process and many reader processes.\n");
    for (int i = 0; i < VERBS; i++)
        printf("  mmsync %-24s %s\n", verbs[i].synopsis, verbs[i].summary);
    puts("\n"
         "A REGION is a directory; a bare NAME means /dev/shm/NAME. PREFIX, wherever a REGION may\n"
         "stand, means the files PREFIX_state and PREFIX_data_0, _1 of the Rust crate mmap-sync.\n"
         "Try 'mmsync VERB --help'. Exit status: 0, 1 after an error, 2 for a wrong command line.");
    return EXIT_OK;
}

static int print_version(void)
{
    printf("mmsync %s\n", mms_version());
    return EXIT_OK;
}

static int run_verb(int argc, char **argv)
{
    for (int i = 0; i < VERBS; i++)
        if (!strcmp(argv[0], verbs[i].name))
            return verbs[i].run(argc, argv);
    fail("unknown verb '%s' (try 'mmsync --help')", argv[0]);
    return EXIT_USAGE;
}

static int help_with(char *name)
{
    char option[] = "--help";
    char *argv[] = {name, option, NULL};

    return run_verb(2, argv);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        fail("missing verb (try 'mmsync --help')");
        return EXIT_USAGE;
    }
    if (is_one_of(argv[1], "help", "--help", "-h"))
        return argc > 2 && *argv[2] != '-' ? help_with(argv[2]) : print_help();
    if (is_one_of(argv[1], "version", "--version", "-V"))
        return print_version();
    if (*argv[1] == '-') {
        fail("unknown option %s before the verb (try 'mmsync --help')", argv[1]);
        return EXIT_USAGE;
    }
    return run_verb(argc - 1, argv + 1);
}

/* Otherwise the next file that is opened would become a standard stream that was closed. */
static void reserve_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            abort();
}

int main(int argc, char **argv)
{
    reserve_standard_streams();
    signal(SIGPIPE, SIG_IGN); /* seen as EPIPE: half-done work is tidied up */
    signal(SIGXFSZ, SIG_IGN); /* ulimit -f: seen as EFBIG */
    signal(SIGCHLD, SIG_DFL); /* a parent that ignores it hands that down, and then no command's end could be seen */
    return finish_output(run(argc, argv));
}
