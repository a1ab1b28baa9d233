/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of `control` and `readers`, as docs/format.md describes them. Frozen for format version 1. All fields are
   of fixed width, in the byte order of the machine; shared words are touched through atomic.h alone. */
#ifndef MMS_REGION_LAYOUT_H
#define MMS_REGION_LAYOUT_H

#include "base/round.h"
#include <mmsync/pin.h>
#include <stddef.h>

#define MMS__FORMAT_VERSION 1
#define MMS__BYTE_ORDER_MARK UINT32_C(0x01020304)
#define MMS__CONTROL_MAGIC "mmsync\r\n"
#define MMS__READERS_MAGIC "mmsyncR\n"
#define MMS__CHANGES_MAGIC "mmsyncC\n"
#define MMS__DURABLE_MAGIC "mmsyncS\n"
#define MMS__ANCHOR_MAGIC "mmsyncA\n"

/* What stands at the start of `control` and of `readers`, and never changes after creation. */
struct mms__header {
    char magic[8];
    uint32_t byte_order;
    uint32_t version;
    uint64_t region_id[2];
    uint64_t max_size;
    uint64_t stride; /* bytes from one slot to the next in `data` */
    uint32_t max_slots;
    uint32_t max_readers;
    uint64_t created_ns; /* CLOCK_REALTIME */
    uint64_t flags;      /* MMS__DURABLE */
    uint64_t reserved[6];
    uint64_t checksum; /* XXH3 of the bytes before it */
};

enum { MMS__DURABLE = 1 /* in the header: there is a file `durable` */ };

/* One slot. The writer fills it before the slot becomes current; copying readers may look at any time. */
struct mms__descriptor {
    mms__word generation; /* of the value that is, or is being written, in the slot; stored before the data (G1) */
    mms__word size;
    mms__word type_id[2];
    mms__word tag;
    mms__word checksum;
    mms__word publish_ns;  /* CLOCK_REALTIME */
    mms__word flags;       /* MMS__HAS_CHECKSUM and so on */
    mms__word allocated;   /* bytes of `data` that the slot takes; for people, not for the protocol */
    mms__word schema_size; /* bytes of schema text in the slot, at mms__schema_at(size); 0: none */
    mms__word changes_at;  /* where in `changes` the record of this generation is; 0: there is none */
    mms__word huge;        /* of the bytes that the slot takes, those in huge pages; for people */
    mms__word
        published; /* the generation, since it was current: as long as both agree, its whole value is in the slot */
    mms__word reserved[3];
};

enum {
    MMS__HAS_CHECKSUM = 1,
    MMS__SERIALIZED = 2, /* the library itself made the bytes, of a value of that type: they need no check */
    MMS__MADE_TABLE = 4  /* of a table of that type: its keys and values need no check */
};

/* Fence modes: of a line, and the one wanted in `control`. 0 stands in lines that nobody has used. */
enum { MMS__SYMMETRIC = 1, MMS__ASYMMETRIC = 2 };

/* `control`: written by the writer alone. */
struct mms__control {
    struct mms__header header;
    mms__word current __attribute__((aligned(128))); /* alone in its line: readers spin on it */
    uint32_t wake __attribute__((aligned(128)));     /* changes when waiters must look; what they sleep on */
    mms__word boot_id[2] __attribute__((aligned(128)));
    mms__word floor; /* no generation at or below it is given out again */
    uint32_t fence;  /* the mode that readers are to adopt */
    uint32_t writer_pid;
    mms__word writer_start; /* clock ticks since boot, as in /proc/PID/stat */
    uint32_t slots_used;
    uint32_t boot_id_kind;   /* of boot_id: MMS__BOOT_ID_KERNELS or MMS__BOOT_ID_MASKED (boot.h) */
    mms__word boot_began_ns; /* CLOCK_REALTIME at the start of that boot; 0: not known */
    mms__word boot_up_ns;    /* since then, when that was stored */
    uint32_t keep;           /* retired values that the last writer kept; for people */
    mms__word refused;       /* for people: writes that failed because readers held every slot */
    mms__word evicted;       /* slots that writers have taken from readers */
    mms__word changes_end;   /* no position in `changes` from here on was ever used; 0: no writer has said so */
    struct mms__descriptor slots[] __attribute__((aligned(128)));
};

/* One reader. Two lines of 64 bytes, for processors that fetch pairs. */
struct mms__line {
    mms__word announce;
    uint32_t owner; /* index of the owner's lock byte + 1; 0: free */
    uint32_t mode;  /* MMS__SYMMETRIC or MMS__ASYMMETRIC */
    uint32_t flags; /* MMS__ALLOW_EVICT, MMS__SAYS_AGAIN */
    uint32_t pid;   /* for people */
    uint32_t tid;
    uint32_t claim;  /* told apart: the times that one process has claimed lines */
    mms__word start; /* of the process, as in /proc/PID/stat */
    mms__word again; /* EXACT of what the reader may announce again without a fence; 0: nothing */
    mms__word reserved[10];
};

enum {
    MMS__ALLOW_EVICT = 1,
    MMS__SAYS_AGAIN = 2 /* the reader keeps `again` up to date, and executes a fence before it pins anything else */
};

/* `readers`: the only file that a reader writes, so the writer believes nothing in it. */
struct mms__readers {
    struct mms__header header;
    uint32_t high_water __attribute__((aligned(128))); /* lines at and above it were never used */
    uint32_t waiting __attribute__((aligned(128)));    /* not 0: somebody may sleep on `wake`; about how many */
    uint32_t relay;                                    /* not 0: sleepers that the writer has not woken */
    struct mms__line lines[] __attribute__((aligned(128)));
};

/* `changes`: written by the writer alone, made at its first update. A ring of records; positions only
   grow, also from one file of that name to the next, and the byte of one is at that position modulo
   the ring's size. */
struct mms__changes {
    struct mms__header header;
    mms__word head __attribute__((aligned(128))); /* where the next record goes */
    mms__word tail;                               /* what begins below it may be overwritten */
    mms__word ring_size;                          /* never changes; a power of two */
    mms__word ring[] __attribute__((aligned(128)));
};

/* One publish: what it changed of the value before it. `count` ranges follow, two words each.
   Records begin at multiples of 16, and wrap around. */
struct mms__record {
    uint64_t generation, size;
    uint64_t previous, previous_size; /* the value before it; 0: none */
    uint64_t previous_at;             /* the record of that; 0: none */
    uint64_t count;
};

/* `durable`: the header in a block of its own, and two anchors, written in turn and never mapped. An anchor names a value
   that is whole on the disk: its data was there before the anchor was written. */
enum { MMS__DURABLE_BLOCK = 4096, MMS__ANCHORS = 2 };

struct mms__anchor {
    char magic[8];
    uint64_t region_id[2];
    uint64_t sequence;   /* the higher one of two that are good counts */
    uint64_t generation; /* 0: no value yet */
    uint64_t slot, size, type_id[2], tag;
    uint64_t checksum; /* of the value, with MMS__HAS_CHECKSUM */
    uint64_t publish_ns, flags, schema_size;
    uint64_t lost; /* the last generation that a recovery has found damaged; 0: none */
    uint64_t reserved[496];
    uint64_t own_checksum; /* XXH3 of the bytes before it: a block that was torn, or never written, is no anchor */
};

/* The lock bytes of reader processes: in `readers`, where no data is. */
#define MMS__LOCK_BASE (INT64_C(1) << 40)

_Static_assert(sizeof(struct mms__header) == 128, "layout");
_Static_assert(offsetof(struct mms__header, region_id) == 16, "layout");
_Static_assert(offsetof(struct mms__header, checksum) == 120, "layout");
_Static_assert(sizeof(struct mms__descriptor) == 128, "layout");
_Static_assert(offsetof(struct mms__descriptor, allocated) == 64, "layout");
_Static_assert(offsetof(struct mms__descriptor, schema_size) == 72, "layout");
_Static_assert(offsetof(struct mms__descriptor, changes_at) == 80, "layout");
_Static_assert(offsetof(struct mms__descriptor, huge) == 88, "layout");
_Static_assert(offsetof(struct mms__descriptor, published) == 96, "layout");
_Static_assert(offsetof(struct mms__control, keep) == 448, "layout");
_Static_assert(offsetof(struct mms__control, current) == 128, "layout");
_Static_assert(offsetof(struct mms__control, wake) == 256, "layout");
_Static_assert(offsetof(struct mms__control, boot_id) == 384, "layout");
_Static_assert(offsetof(struct mms__control, boot_began_ns) == 432, "layout");
_Static_assert(offsetof(struct mms__control, refused) == 456, "layout");
_Static_assert(offsetof(struct mms__control, changes_end) == 472, "layout");
_Static_assert(offsetof(struct mms__control, slots) == 512, "layout");
_Static_assert(sizeof(struct mms__line) == 128, "layout");
_Static_assert(offsetof(struct mms__line, start) == 32, "layout");
_Static_assert(offsetof(struct mms__line, again) == 40, "layout");
_Static_assert(offsetof(struct mms__readers, high_water) == 128, "layout");
_Static_assert(offsetof(struct mms__readers, waiting) == 256, "layout");
_Static_assert(offsetof(struct mms__readers, relay) == 260, "layout");
_Static_assert(offsetof(struct mms__readers, lines) == 384, "layout");
_Static_assert(offsetof(struct mms__changes, head) == 128, "layout");
_Static_assert(offsetof(struct mms__changes, ring) == 256, "layout");
_Static_assert(sizeof(struct mms__record) == 48, "layout");
_Static_assert(sizeof(struct mms__anchor) == MMS__DURABLE_BLOCK, "layout");
_Static_assert(offsetof(struct mms__anchor, reserved) == 120, "layout");
_Static_assert(offsetof(struct mms__header, flags) == 64, "layout");
_Static_assert(_Alignof(mms__word) == 8, "64-bit words must be aligned");
_Static_assert(__atomic_always_lock_free(sizeof(uint64_t), 0), "64-bit atomics must be lock-free");

/* The generation of the value that a word of `current` names; 0: it names none. */
static inline uint64_t mms__current_generation(uint64_t word)
{
    return mms__word_pinnable(word) ? mms__word_generation(word) : 0;
}

/* How many slots were ever used, as far as there are so many. */
static inline uint32_t mms__slots_used(const struct mms__control *control, uint32_t max_slots)
{
    uint32_t used = mms__load_relaxed(&control->slots_used);

    return used < max_slots ? used : max_slots;
}

/* Where in a slot the schema text is, behind a value of a size. */
static inline uint64_t mms__schema_at(uint64_t size)
{
    return mms__round_up(size, 64);
}

/* True if a value and its schema text fit a slot, whatever numbers a damaged descriptor gives for them. */
static inline bool mms__schema_fits(uint64_t size, uint64_t schema_size, uint64_t stride)
{
    uint64_t padded, end;

    return !__builtin_add_overflow(size, UINT64_C(63), &padded) &&
           !__builtin_add_overflow(padded & ~UINT64_C(63), schema_size, &end) && end <= stride;
}

/* The bytes of a slot that a value and its schema take. */
static inline uint64_t mms__whole_size(uint64_t size, uint64_t schema_size)
{
    return schema_size == 0 ? size : mms__schema_at(size) + schema_size;
}

static inline size_t mms__control_size(uint32_t max_slots)
{
    return sizeof(struct mms__control) + (size_t)max_slots * sizeof(struct mms__descriptor);
}

/* Where in `durable` an anchor is. */
static inline size_t mms__anchor_at(unsigned place)
{
    return (size_t)(1 + place) * MMS__DURABLE_BLOCK;
}

static inline uint64_t mms__durable_size(void)
{
    return (1 + MMS__ANCHORS) * (uint64_t)MMS__DURABLE_BLOCK;
}

static inline size_t mms__readers_size(uint32_t max_readers)
{
    return sizeof(struct mms__readers) + (size_t)max_readers * sizeof(struct mms__line);
}

#endif
