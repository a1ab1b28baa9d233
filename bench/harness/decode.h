/* SPDX-License-Identifier: Apache-2.0 */
/* Enough of x86-64's instruction format to tell what an instruction does to memory. */
#ifndef BENCH_DECODE_H
#define BENCH_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/user.h>

struct access {
    uint64_t address;
    uint64_t size; /* 0: none, or on the stack by push, pop, call or ret */
    bool written;
};

struct instruction {
    bool locked, fence, system_call; /* fence: mfence, or a locked instruction */
    struct access access;
};

struct instruction decode(const unsigned char code[16], const struct user_regs_struct *registers);

#endif
