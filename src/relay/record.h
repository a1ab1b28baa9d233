/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the log, and the head of the chunk store: one form for all, little endian, with a
   checksum at the end. docs/format.md has the table.

   A value's bytes travel as ranges, and only those that changed: a varint for the gap from the end
   of the range before, one for the length, and after all of them the bytes, packed with zstd if
   that saves a tenth. */
#ifndef MMS_RELAY_RECORD_H
#define MMS_RELAY_RECORD_H

#include "relay/tree.h"
#include <mmsync.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RECORD_VERSION = 1,
    RECORD_BODY_MOST = 512 << 10,   /* ranges and bytes, unpacked */
    RECORD_SCHEMA_MOST = 256 << 10, /* longer texts do not travel */
    RECORD_TEXT_MOST = 4096,        /* a host, a path; with the 0 at the end */
    RECORD_SIZE_MOST = 136 + RECORD_SCHEMA_MOST + 64 + 2 * RECORD_TEXT_MOST + RECORD_BODY_MOST + 8,
};

enum record_kind {
    RECORD_BASE = 1,   /* a pusher has begun: the chunk store holds exactly this value */
    RECORD_CHANGE = 2, /* a part of a generation */
    RECORD_HEAD = 3,   /* of the chunk store; no part of the log */
};

enum record_flag {
    RECORD_LAST = 1,   /* the last part of its generation */
    RECORD_SCHEMA = 2, /* `schema` is there; of size 0, if the value has none */
    RECORD_ORIGIN = 4, /* `origin` is there */
    RECORD_PACKED = 8, /* set and used by the codec alone */
};

enum record_byte_order { RECORD_LITTLE = 1, RECORD_BIG = 2 };

/* Whose value it is. */
struct record_origin {
    uint64_t pusher; /* a random number for each process */
    uint64_t region_id[2];
    uint64_t max_size;
    uint32_t max_slots, max_readers;
    uint32_t pid;
    uint64_t started_ns;     /* CLOCK_REALTIME */
    const char *host, *path; /* never NULL */
};

struct record {
    enum record_kind kind;
    unsigned flags; /* of record_flag */
    uint64_t epoch;
    uint64_t generation;
    uint64_t since;    /* CHANGE: the ranges are all that differs from this generation */
    uint64_t size;     /* of the value, in this generation */
    uint64_t sequence; /* HEAD: where in the log to begin, 0: nowhere yet. BASE: the store's last message */
    uint32_t part;     /* CHANGE: counted from 0 */
    /* Good in a BASE, a HEAD and a LAST part. */
    struct hash root;
    uint64_t type_id[2];
    uint64_t tag;
    uint64_t publish_time_ns;
    uint64_t schema_hash; /* hash_schema */
    enum record_byte_order byte_order;
    const char *schema;
    size_t schema_size;
    struct record_origin origin;
    /* CHANGE: ascending; none of them is empty, touches the next or goes past `size`. */
    const mms_range *ranges;
    size_t range_count;
    const unsigned char *bytes; /* decoded: of all ranges, one after the other */
};

/* Bytes that grow. Zeros are the empty one; free `data`. */
struct buffer {
    unsigned char *data;
    size_t size, capacity;
};

/* What a decoder or encoder keeps from one record to the next. Zeros at first. */
struct codec {
    struct buffer body, packed;
    mms_range *ranges;
    size_t range_capacity;
    void *compressor, *decompressor;
    unsigned unpacked_run; /* bodies since the last one that was worth packing */
};

enum record_result { RECORD_OK, RECORD_DAMAGED, RECORD_NEWER, RECORD_NO_MEMORY };

/* The whole message replaces what is in `out`. A CHANGE takes the bytes of its ranges from `value`.
   False: no memory. */
bool record_encode(const struct record *record, const void *value, struct codec *codec, struct buffer *out);

/* What it points to lives in `data` and in the codec: until its next use. */
enum record_result record_decode(const void *data, size_t size, struct codec *codec, struct record *out);

/* How many bytes of a body a range takes, with what tells of it. `end`: of the range before, or 0. */
size_t range_cost(uint64_t end, const mms_range *range);

/* 0 for no text. */
uint64_t hash_schema(const char *schema, size_t size);

enum record_byte_order native_byte_order(void);

/* Pack bytes with zstd if that saves a tenth of them: true, and they are in codec->packed. When it
   did not pay, only every 16th attempt is made. */
bool codec_pack(struct codec *codec, const void *data, size_t size);
/* True if the result has exactly `size` bytes. */
bool codec_unpack(struct codec *codec, const void *data, size_t packed, void *out, size_t size);
void codec_free(struct codec *codec);

bool buffer_reserve(struct buffer *buffer, size_t capacity);

#endif
