/* SPDX-License-Identifier: Apache-2.0 */
/* Archives: values that are used in place, with no parsing and no copy, in the layout of rkyv 0.7
   (docs/format.md). For a schema mmsc writes typed functions, which are thin wrappers over those
   here; programs that know the types only at run time (a tool, a binding) may use these directly.

   An archive ends with its root. Its start must be aligned as its types demand; what mmsync gives
   always is. No function needs 64 KiB of stack, however deeply a value is nested.
   Functions that read trust the bytes: check once what comes from somebody else. */
#ifndef MMSYNC_ARCHIVE_H
#define MMSYNC_ARCHIVE_H

#include <mmsync.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* ---- Types, as tables; mmsc writes them, and mms_schema_read (in the tool) makes them at run time ---- */

enum mms_type_kind {
    MMS_T_UNIT,
    MMS_T_BOOL,
    MMS_T_U8,
    MMS_T_U16,
    MMS_T_U32,
    MMS_T_U64,
    MMS_T_U128,
    MMS_T_I8,
    MMS_T_I16,
    MMS_T_I32,
    MMS_T_I64,
    MMS_T_I128,
    MMS_T_USIZE, /* input: uint64_t; archived: as wide as the offsets */
    MMS_T_ISIZE, /* input: int64_t */
    MMS_T_F32,
    MMS_T_F64,
    MMS_T_CHAR, /* uint32_t */
    MMS_T_DURATION,
    MMS_T_STRING,  /* String. Input: mms_str */
    MMS_T_BOX_STR, /* Box<str>. Input: mms_str */
    MMS_T_BOX,     /* input: a pointer to the first type */
    MMS_T_VEC,     /* Vec<T> and Box<[T]>. Input: mms_items of the first type */
    MMS_T_ARRAY,   /* `count` times the first type */
    MMS_T_STRUCT,
    MMS_T_ENUM,      /* input: uint32_t tag, then the variants' fields at their offsets */
    MMS_T_OPTION,    /* variants None and Some. Input: bool tag, then the value */
    MMS_T_RESULT,    /* variants Ok and Err. Input: bool tag, true for Err, then the values */
    MMS_T_MAP,       /* HashMap. Input: mms_items of the first type, a struct of key and value, in any order */
    MMS_T_SET,       /* HashSet. Input: mms_items of the first type, a struct of a key */
    MMS_T_TREE,      /* BTreeMap. Input: as a HashMap's, in any order */
    MMS_T_TREE_SET,  /* BTreeSet. Input: as a HashSet's, in any order */
    MMS_T_IPV4,      /* Ipv4Addr: mms_ipv4 */
    MMS_T_IPV6,      /* Ipv6Addr: mms_ipv6 */
    MMS_T_IP,        /* IpAddr: mms_ip */
    MMS_T_SOCKET_V4, /* SocketAddrV4: mms_socket_v4 */
    MMS_T_SOCKET_V6, /* SocketAddrV6: mms_socket_v6 */
    MMS_T_SOCKET,    /* SocketAddr: mms_socket */
    MMS_T_UUID       /* Uuid: mms_uuid */
};

enum mms_type_shape { MMS_SHAPE_UNIT, MMS_SHAPE_TUPLE, MMS_SHAPE_NAMED };

enum mms_type_flag {
    MMS_TF_WIDE = 1,     /* offsets and usize have 64 bits */
    MMS_TF_LEAF = 2,     /* nothing outside it belongs to it: no pointers */
    MMS_TF_COPY = 4,     /* the input has the same bytes as the archive */
    MMS_TF_ANY_BITS = 8, /* all bits are valid */
    MMS_TF_EVEN = 16, /* all that belongs to it has one alignment: the order of such values does not change the size */
    MMS_TF_NON_ZERO = 32 /* an integer that is not 0: NonZeroU8 and the like */
};

typedef struct mms_type mms_type;

typedef struct mms_type_field {
    const char *name; /* "0", "1" without names */
    const mms_type *type;
    size_t offset, input_offset;
} mms_type_field;

typedef struct mms_type_variant {
    const char *name;
    const mms_type_field *fields;
    size_t count;
    int shape; /* enum mms_type_shape */
} mms_type_variant;

struct mms_type {
    const char *name; /* as in the schema */
    int kind, shape;  /* enum mms_type_kind, enum mms_type_shape of a struct */
    unsigned flags;
    unsigned tag_size; /* of an archived ENUM, OPTION, RESULT */
    size_t size, align, input_size;
    size_t deep_align;                /* the largest alignment in an archive of it */
    size_t count;                     /* of elements of an ARRAY, of fields of a STRUCT, of variants */
    const mms_type *first;            /* of BOX, VEC, ARRAY, MAP, SET, TREE, TREE_SET */
    const mms_type_field *fields;     /* of a STRUCT */
    const mms_type_variant *variants; /* of ENUM, OPTION, RESULT */
};

/* A type that can be a value of its own. */
typedef struct mms_archive {
    const mms_type *type;
    uint64_t type_id[2];
    const char *schema; /* text from which the type can be made again; may be NULL */
    size_t schema_size;
    uint32_t token; /* of this process; starts as MMS_ARCHIVE_NEW */
} mms_archive;

#define MMS_ARCHIVE_NEW UINT32_MAX

/* ---- Input values ---- */

/* Text in UTF-8; no 0 at the end is needed. */
typedef struct mms_str {
    const char *data;
    size_t size;
} mms_str;

typedef struct mms_items {
    const void *data;
    size_t count;
} mms_items;

/* Archived and input alike. The nanoseconds are below 1,000,000,000. */
typedef struct mms_duration {
    uint64_t secs;
    uint32_t nanos;
} __attribute__((aligned(8))) mms_duration;

/* Network addresses and UUIDs, archived and input alike. Octets are in network order, as in an
   in_addr or in6_addr; all other numbers are in the machine's order. mmsync/archived.h makes and
   takes apart those of both versions. */
typedef struct mms_ipv4 {
    uint8_t octets[4];
} mms_ipv4;

typedef struct mms_ipv6 {
    uint8_t octets[16];
} mms_ipv6;

enum mms_ip_tag { MMS_IP_V4, MMS_IP_V6 };

typedef struct mms_ip {
    uint8_t tag; /* enum mms_ip_tag */
    union {
        mms_ipv4 v4;
        mms_ipv6 v6;
    };
} mms_ip;

typedef struct mms_socket_v4 {
    mms_ipv4 ip;
    uint16_t port;
} mms_socket_v4;

typedef struct mms_socket_v6 {
    mms_ipv6 ip;
    uint16_t port;
    uint32_t flowinfo, scope_id;
} mms_socket_v6;

typedef union mms_socket {
    uint8_t tag; /* enum mms_ip_tag */
    struct {
        uint8_t tag;
        mms_socket_v4 address;
    } v4;
    struct {
        uint8_t tag;
        mms_socket_v6 address;
    } v6;
} mms_socket;

typedef struct mms_uuid {
    uint8_t bytes[16];
} mms_uuid;

/* In archives, whose layout is the same on all machines: some 32-bit ones align these to 4. */
typedef uint64_t mms_u64 __attribute__((aligned(8)));
typedef int64_t mms_i64 __attribute__((aligned(8)));
typedef double mms_f64 __attribute__((aligned(8)));

#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 mms_i128 __attribute__((aligned(16)));
__extension__ typedef unsigned __int128 mms_u128 __attribute__((aligned(16)));
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* For compilers without such integers, as those for 32 bits: the same bytes, as two halves. */
typedef struct mms_i128 {
    uint64_t low;
    int64_t high;
} __attribute__((aligned(16))) mms_i128;
typedef struct mms_u128 {
    uint64_t low, high;
} __attribute__((aligned(16))) mms_u128;
#else
typedef struct mms_i128 {
    int64_t high;
    uint64_t low;
} __attribute__((aligned(16))) mms_i128;
typedef struct mms_u128 {
    uint64_t high, low;
} __attribute__((aligned(16))) mms_u128;
#endif

/* ---- Writing and checking ---- */

/* How deep pointers may be nested, in what is written and in what is checked. */
#define MMS_ARCHIVE_DEPTH 512
/* How many elements without a size a Vec may have: they take no bytes, but time to look at. */
#define MMS_ARCHIVE_UNITS (1 << 20)

/* The exact size of the archive of a value. The errors are those of mms_archive_write, except about
   text, which is not read. */
int mms_archive_size(const mms_archive *archive, const void *value, size_t *size);

/* Write the archive of a value to buffer (aligned to 16). MMS_E_TOO_BIG: it is larger than capacity,
   or than 32-bit offsets can span. MMS_E_INVALID: the value is not of the type (text that is not
   UTF-8, a duplicate key, a tag that does not exist); the detail names the field. */
int mms_archive_write(const mms_archive *archive, const void *value, void *buffer, size_t capacity, size_t *size);

/* Check bytes that nobody vouches for, and give the root. MMS_E_CORRUPT, with a detail that names
   the field. Never reads outside the bytes, even while somebody changes them, and takes time bounded
   by their number. root may be NULL. */
int mms_archive_check(const mms_archive *archive, const void *data, size_t size, const void **root);

/* ---- Publishing and reading ----

   A value that mms_archive_publish wrote is right by construction, and the region says so. Other
   bytes (mms_write, a bridge, a restored dump) are checked in place: for each generation and type
   once by the readers of an mms_region, and by those that come while that check runs. With the
   region's option check_always each reader checks each generation. In the files of mmap-sync, which
   name no types, each view is checked.

   From then on the bytes are trusted: looking into the value follows offsets in them. That is safe
   as long as the view stays, which it always does, unless the region was opened with allow_evict, or
   the files are those of mmap-sync, whose writers wait for readers only for a limited time. Then a
   writer may overwrite a value that is being read, and an offset that was good may lead outside: the
   program may die of SIGSEGV before the release could return MMS_E_EVICTED. The check itself is safe
   at any time. Use mms_archive_read_copy there, or a grace period longer than any view. */

/* Publish a value under the archive's type id, built in place; the schema is stored with it where
   there is room. Readers do not check it. */
int mms_archive_publish(mms_writer *writer, const mms_archive *archive, const void *value, mms_receipt *receipt);

/* ---- Changing a value in place ----

   Whatever has a fixed place in an archive can be changed there: numbers and all else without
   pointers, alone or in structs, arrays, elements of vectors, values of maps. The cost depends
   only on the size of the change. Text, lengths and keys cannot be changed; publish a whole value for
   them. */

/* mms_write_update of a value of this type: the root of the newest one, to look into as a reader
   does, and its size. Commit that size with mms_write_commit, or abort. The bytes are checked
   only if the library does not vouch for them already. The functions below change parts of the
   value, and keep it valid: it will be vouched for, and readers do not check it. After any other
   call that gives out or changes bytes of the write (touch, patch, grow), or its type, they do.
   The errors of mms_write_update; MMS_E_EMPTY: no value was published yet; MMS_E_TYPE,
   MMS_E_CORRUPT. After an error nothing has begun, and *root is NULL. */
int mms_archive_update(mms_writer *writer, const mms_archive *archive, const void **root, size_t *size,
                       mms_receipt *receipt);

/* In such an update: store a value (given as input) in a place of it, and touch that. `self` is
   the archived value of `type`, found from the root; what may be set has the flag MMS_TF_LEAF,
   and is no key, nor a part of one.
     mms_archive_set        all of it; of an ENUM, OPTION or RESULT also as another variant
     mms_archive_set_field  a field of a STRUCT (variant 0), or of the variant that an ENUM, OPTION or RESULT has
     mms_archive_set_item   an element of an ARRAY or VEC; the content of a BOX has index 0
     mms_archive_set_value  the value of a key (input, too) in a MAP or TREE; MMS_E_NOT_FOUND
   MMS_E_INVALID: it is not a value of its type, such as a bool that is neither false nor true;
   `self` is NULL or not in the value; the index does not exist, or the variant is another. After
   an error nothing has changed. */
int mms_archive_set(mms_writer *writer, const mms_type *type, const void *self, const void *value);
int mms_archive_set_field(mms_writer *writer, const mms_type *type, size_t variant, size_t field, const void *self,
                          const void *value);
int mms_archive_set_item(mms_writer *writer, const mms_type *type, const void *self, size_t index, const void *value);
int mms_archive_set_value(mms_writer *writer, const mms_type *type, const void *self, const void *key,
                          const void *value);

/* After mms_read or mms_refresh: the root of the value held, checked if that is still to be done.
   On failure the view is released: MMS_E_TYPE if the value was published as another type,
   MMS_E_CORRUPT, or MMS_E_EVICTED if the view was taken away meanwhile. view may be NULL. */
int mms__archive_root_slow(mms_reader *reader, mms_archive *archive, const mms_view *view, const void **root);

/* Copy the newest value, as mms_read_copy does and with its outputs, and check the copy: *root
   lies in the buffer, which must be aligned to 16 and which nobody else changes. Needs no write
   permission. The errors are those of mms_read_copy, MMS_E_TYPE and MMS_E_CORRUPT. */
int mms_archive_read_copy(mms_region *region, const mms_archive *archive, void *buffer, size_t capacity, size_t *size,
                          uint64_t *generation, const void **root);

/* mms_read without that check, for writers that are trusted to publish valid bytes by mms_write:
   the root, or NULL. */
const void *mms_archive_read_unchecked(mms_reader *reader, mms_archive *archive, mms_view *view);

/* ---- Looking ---- */

/* True if two archived values of a type are equal, as Rust's derived PartialEq compares them: by
   what is reached, not by bytes. Both must have been checked. */
bool mms_archive_equal(const mms_type *type, const void *a, const void *b);

/* Print a value as JSON, in one line, without a newline. Returns 0, or -errno of the stream;
   MMS_E_TOO_BIG if it has millions of values without a size, whose text would never end; -ENOMEM.
   After an error part of the text was written. A cancellation point, as fprintf is: only the text
   is left half-way. */
int mms_archive_print(const mms_type *type, const void *value, FILE *stream);

/* In a MAP or a SET: the entry of a key, which is given as input; NULL if there is none. */
const void *mms_map_find(const mms_type *type, const void *map, const void *key);

/* In a TREE or TREE_SET: find the entry of a key; seek the first entry that is not below a key (NULL:
   the first of all); and go from an entry that was sought to the next. */
typedef struct mms_tree_cursor {
    const void *node;
    size_t index;
} mms_tree_cursor;
const void *mms_tree_find(const mms_type *type, const void *tree, const void *key);
const void *mms_tree_seek(const mms_type *type, const void *tree, const void *key, mms_tree_cursor *cursor);
const void *mms_tree_next(const mms_type *type, mms_tree_cursor *cursor);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#include <mmsync/archived.h>
#endif
