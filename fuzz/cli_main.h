/* SPDX-License-Identifier: Apache-2.0 */
/* The tool's main under another name than the fuzzer's. main.c is compiled with this included
   first. */
#ifndef CLI_MAIN_H
#define CLI_MAIN_H

#define main cli_main
int main(int argc, char **argv);

#endif
