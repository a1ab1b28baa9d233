/* SPDX-License-Identifier: Apache-2.0 */
/* fleet_reader PATH: print the hash and the number of each generation that the region shows, as far as this reader is fast
   enough, until SIGTERM. It waits for the region, and opens it anew when it is gone. A view that was void is not printed; one
   whose generation goes back within one region is an error. */
#include "relay/tree.h"
#include <mmsync.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void print(const struct hash *hash, uint64_t generation)
{
    for (size_t i = 0; i < sizeof hash->bytes; i++)
        printf("%02x", (unsigned)hash->bytes[i]);
    printf(" %llu\n", (unsigned long long)generation);
    fflush(stdout);
}

static void read_until_gone(mms_region *region, mms_reader *reader)
{
    uint64_t seen = 0;
    int code = 0;

    while (!stopped && code != MMS_E_GONE) {
        struct hash hash;
        mms_view view;

        code = mms_wait(reader, seen, 50);
        if (code != 0) {
            if (code == MMS_E_TIMEOUT)
                code = mms_region_check(region);
            continue;
        }
        code = mms_read(reader, &view);
        if (code != 0)
            continue;
        if (view.generation < seen) {
            printf("generation %llu after %llu\n", (unsigned long long)view.generation, (unsigned long long)seen);
            exit(1);
        }
        seen = view.generation;
        hash = hash_bytes(view.data, view.size);
        if (mms_release(reader) == 0)
            print(&hash, seen);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGTERM, stop);
    while (!stopped) {
        mms_region *region = NULL;
        mms_reader *reader = NULL;

        if (mms_region_open(argv[1], NULL, &region) == 0 && mms_reader_open(region, &reader) == 0)
            read_until_gone(region, reader);
        else
            rest();
        mms_reader_close(reader);
        mms_region_close(region);
    }
    return 0;
}
