/* SPDX-License-Identifier: Apache-2.0 */
/* bench-memory [MIB...]: what this machine takes for a load that misses, as a bound for look-ups in
   large tables: for loads of which each needs the one before it, and for loads at once, in small
   pages and in huge ones. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { LINE = 64, LOADS = 1 << 20, ROUNDS = 5 };

struct line {
    struct line *next;
    char rest[LINE - sizeof(struct line *)];
};

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* One circle through all lines, in random order (Sattolo). */
static void link_lines(struct line *lines, size_t count)
{
    uint64_t state = 1;

    for (size_t i = 0; i < count; i++)
        lines[i].next = &lines[i];
    for (size_t i = count - 1; i > 0; i--) {
        size_t other = (size_t)(random_next(&state) % i);
        struct line *next = lines[i].next;

        lines[i].next = lines[other].next;
        lines[other].next = next;
    }
}

/* ns of a load that has to wait for the one before it; the least of some rounds. */
static double time_chain(const struct line *from)
{
    double least = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns(), ns;

        for (int i = 0; i < LOADS; i++)
            from = *(struct line *const volatile *)&from->next;
        ns = (now_ns() - start) / LOADS;
        least = ns < least ? ns : least;
    }
    return least;
}

/* The same for loads that need not wait. */
static double time_independent(const struct line *lines, size_t count)
{
    uint64_t state = 2;
    double least = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns(), ns;

        for (int i = 0; i < LOADS; i++)
            (void)*(struct line *const volatile *)&lines[random_next(&state) % count].next;
        ns = (now_ns() - start) / LOADS;
        least = ns < least ? ns : least;
    }
    return least;
}

static int measure(size_t mib, bool huge)
{
    size_t size = mib << 20, count = size / LINE;
    struct line *lines = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (lines == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    (void)madvise(lines, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    link_lines(lines, count);
    printf("%8zu MiB  %-5s  %6.1f ns each  %6.1f ns at once\n", mib, huge ? "huge" : "small", time_chain(lines),
           time_independent(lines, count));
    munmap(lines, size);
    return 0;
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {16, 136, 600}; /* tags of a hash map, an index, and a table of 10 million entries */
    int code = 0;

    for (int i = 1; i < argc && code == 0; i++)
        code = strtoul(argv[i], NULL, 10) == 0 || measure(strtoul(argv[i], NULL, 10), false) ||
               measure(strtoul(argv[i], NULL, 10), true);
    for (size_t i = 0; argc < 2 && i < sizeof sizes / sizeof *sizes && code == 0; i++)
        code = measure(sizes[i], false) || measure(sizes[i], true);
    return code;
}
