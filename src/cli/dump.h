/* SPDX-License-Identifier: Apache-2.0 */
/* A value and everything published with it, as one stream; docs/format.md has the layout. */
#ifndef MMS_CLI_DUMP_H
#define MMS_CLI_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DUMP_HEADER_SIZE = 128, DUMP_SUM_SIZE = 8 };

struct dump {
    uint64_t generation, size, schema_size;
    uint64_t type_id[2], tag, publish_time_ns;
    bool has_checksum; /* it was published with one */
    bool big_endian;   /* the machine on which it was dumped */
    uint64_t max_size; /* of the region; 0 in dumps of mmap-sync's files */
    uint32_t max_slots, max_readers;
};

bool dump_machine_is_big_endian(void);

void dump_encode(const struct dump *dump, unsigned char bytes[DUMP_HEADER_SIZE]);
/* NULL, or what is wrong with the bytes. */
const char *dump_decode(struct dump *dump, const unsigned char bytes[DUMP_HEADER_SIZE]);

/* The sum over header, value and schema, which stands at the end. */
struct dump_sum;
struct dump_sum *dump_sum_start(void); /* NULL: no memory */
void dump_sum_add(struct dump_sum *sum, const void *data, size_t size);
void dump_sum_encode(const struct dump_sum *sum, unsigned char bytes[DUMP_SUM_SIZE]);
void dump_sum_free(struct dump_sum *sum);

#endif
