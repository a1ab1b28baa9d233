/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs. Each gets its own name as argv[0] and returns the exit status of the program: 0,
   EXIT_FAILED after one line on standard error, EXIT_USAGE when the command line itself is
   wrong. */
#ifndef MMS_CLI_CMD_H
#define MMS_CLI_CMD_H

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

int cmd_write(int argc, char **argv);
int cmd_read(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_put(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_del(int argc, char **argv);
int cmd_keys(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_recover(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_exporter(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_rm(int argc, char **argv);
int cmd_repair(int argc, char **argv);
int cmd_bridge(int argc, char **argv);
int cmd_push(int argc, char **argv);
int cmd_follow(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_demo(int argc, char **argv);

#endif
