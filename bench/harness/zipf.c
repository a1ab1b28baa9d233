/* SPDX-License-Identifier: Apache-2.0 */
/* Zipf's distribution by rejection-inversion (Hoermann and Derflinger, ACM TOMACS 6(3), 1996): takes
   no table, and as good as no time to set up. */
#include "harness.h"
#include <math.h>

/* As in YCSB: of 10 million keys, the most popular one gets 6 % of the look-ups, and 4,000 get half. */
static const double exponent = 0.99;

/* The integral of x^-exponent, and its inverse. */
static double area(double x)
{
    return (pow(x, 1 - exponent) - 1) / (1 - exponent);
}

static double area_inverse(double area)
{
    return pow(1 + area * (1 - exponent), 1 / (1 - exponent));
}

void zipf_init(struct zipf *zipf, uint64_t count)
{
    zipf->count = count;
    zipf->least = area(1.5) - 1;
    zipf->most = area((double)count + 0.5);
    zipf->sure = 2 - area_inverse(area(2.5) - pow(2, -exponent));
}

static double random_fraction(uint64_t *state)
{
    return (double)(bench_table_key((*state)++) >> 11) * 0x1p-53;
}

uint64_t zipf_next(const struct zipf *zipf, uint64_t *state)
{
    for (;;) {
        double at = zipf->most + random_fraction(state) * (zipf->least - zipf->most);
        double x = area_inverse(at), rank = floor(x + 0.5);

        if (rank < 1)
            rank = 1;
        if (rank > (double)zipf->count)
            rank = (double)zipf->count;
        if (rank - x <= zipf->sure || at >= area(rank + 0.5) - pow(rank, -exponent))
            return (uint64_t)rank - 1;
    }
}
