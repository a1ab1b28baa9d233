/* SPDX-License-Identifier: Apache-2.0 */
/* The tool's main under a name that leaves the fuzzer's alone. main.c is compiled with this in front. */
#ifndef CLI_MAIN_H
#define CLI_MAIN_H

#define main cli_main
int main(int argc, char **argv);

#endif
