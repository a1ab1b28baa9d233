/* SPDX-License-Identifier: Apache-2.0 */
/* The building blocks of archived types, and access to them; generated headers are made of these. The bytes are
   trusted: they were written by mmsync, or checked. */
#ifndef MMSYNC_ARCHIVED_H
#define MMSYNC_ARCHIVED_H

#include <mmsync/archive.h>
#include <mmsync/seahash.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* What generated headers hold the compiler to, and their casts: between numbers, and from void pointers. */
#ifdef __cplusplus
#define MMS_ASSERT(condition, text) static_assert(condition, text)
#define MMS_ALIGNOF(type) alignof(type)
#define MMS_CAST(type, value) static_cast<type>(value)
#else
#define MMS_ASSERT(condition, text) _Static_assert(condition, text)
#define MMS_ALIGNOF(type) _Alignof(type)
#define MMS_CAST(type, value) ((type)(value))
#endif

/* Offsets are relative to their own place. Numbers after a name are the offsets' bits. */
typedef struct mms_string32 {
    uint32_t size;
    uint8_t tail[4]; /* the offset, or the last bytes of a short text and its length */
} mms_string32;
typedef struct mms_string64 {
    uint64_t size;
    uint8_t tail[8];
} __attribute__((aligned(8))) mms_string64;
typedef struct mms_box32 {
    int32_t offset;
} mms_box32;
typedef struct mms_box64 {
    int64_t offset;
} __attribute__((aligned(8))) mms_box64;
typedef struct mms_slice32 {
    int32_t offset;
    uint32_t count;
} mms_slice32;
typedef struct mms_slice64 {
    int64_t offset;
    uint64_t count;
} __attribute__((aligned(8))) mms_slice64;
typedef struct mms_map32 {
    uint32_t count;
    int32_t displacements, entries;
} mms_map32;
typedef struct mms_map64 {
    uint64_t count;
    int64_t displacements, entries;
} __attribute__((aligned(8))) mms_map64;
typedef struct mms_tree32 {
    uint32_t count;
    int32_t root;
} mms_tree32;
typedef struct mms_tree64 {
    uint64_t count;
    int64_t root;
} __attribute__((aligned(8))) mms_tree64;

static inline const void *mms__at(const void *base, int64_t offset)
{
    return MMS_CAST(const char *, base) + offset;
}

/* An archive ends with its root. */
static inline const void *mms__root_of(const void *data, size_t size, size_t root_size)
{
    return MMS_CAST(const char *, data) + (size - root_size);
}

/* ---- Text ---- */

static inline mms_str mms_str_of(const char *text)
{
    mms_str str = {text, strlen(text)};

    return str;
}

static inline bool mms_str_equal(mms_str a, mms_str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* The offset in a string's tail. */
static inline int32_t mms__tail32(const uint8_t *tail)
{
    return MMS_CAST(int32_t, MMS_CAST(uint32_t, tail[0]) | MMS_CAST(uint32_t, tail[1]) << 8 |
                                 MMS_CAST(uint32_t, tail[2]) << 16 | MMS_CAST(uint32_t, tail[3]) << 24);
}

static inline mms_str mms_string32_get(const mms_string32 *string)
{
    uint8_t last = string->tail[3];
    mms_str str;

    if (last & 0x80) {
        str.data = MMS__POINTER_CAST(const char *, string) + mms__tail32(string->tail);
        str.size = string->size;
    } else {
        str.data = MMS__POINTER_CAST(const char *, string);
        str.size = last;
    }
    return str;
}

static inline mms_str mms_string64_get(const mms_string64 *string)
{
    uint8_t last = string->tail[7];
    uint64_t offset = 0;
    mms_str str;

    if (last & 0x80) {
        for (int i = 7; i >= 0; i--)
            offset = offset << 8 | string->tail[i];
        str.data = MMS__POINTER_CAST(const char *, string) + MMS_CAST(int64_t, offset);
        str.size = MMS_CAST(size_t, string->size);
    } else {
        str.data = MMS__POINTER_CAST(const char *, string);
        str.size = last;
    }
    return str;
}

static inline mms_str mms_slice32_text(const mms_slice32 *slice)
{
    mms_str str;

    str.data = MMS_CAST(const char *, mms__at(slice, slice->offset));
    str.size = slice->count;
    return str;
}

static inline mms_str mms_slice64_text(const mms_slice64 *slice)
{
    mms_str str;

    str.data = MMS_CAST(const char *, mms__at(slice, slice->offset));
    str.size = MMS_CAST(size_t, slice->count);
    return str;
}

/* ---- Addresses of either version: the one that it is, or NULL ---- */

static inline const mms_ipv4 *mms_ip_get_v4(const mms_ip *ip)
{
    return ip->tag == MMS_IP_V4 ? &ip->v4 : NULL;
}

static inline const mms_ipv6 *mms_ip_get_v6(const mms_ip *ip)
{
    return ip->tag == MMS_IP_V6 ? &ip->v6 : NULL;
}

static inline const mms_socket_v4 *mms_socket_get_v4(const mms_socket *socket)
{
    return socket->tag == MMS_IP_V4 ? &socket->v4.address : NULL;
}

static inline const mms_socket_v6 *mms_socket_get_v6(const mms_socket *socket)
{
    return socket->tag == MMS_IP_V6 ? &socket->v6.address : NULL;
}

static inline mms_ip mms_ip_of_v4(mms_ipv4 address)
{
    mms_ip ip;

    memset(&ip, 0, sizeof ip);
    ip.tag = MMS_IP_V4;
    ip.v4 = address;
    return ip;
}

static inline mms_ip mms_ip_of_v6(mms_ipv6 address)
{
    mms_ip ip;

    memset(&ip, 0, sizeof ip);
    ip.tag = MMS_IP_V6;
    ip.v6 = address;
    return ip;
}

static inline mms_socket mms_socket_of_v4(mms_socket_v4 address)
{
    mms_socket socket;

    memset(&socket, 0, sizeof socket);
    socket.v4.tag = MMS_IP_V4;
    socket.v4.address = address;
    return socket;
}

static inline mms_socket mms_socket_of_v6(mms_socket_v6 address)
{
    mms_socket socket;

    memset(&socket, 0, sizeof socket);
    socket.v6.tag = MMS_IP_V6;
    socket.v6.address = address;
    return socket;
}

/* ---- Where a key would be in a HashMap: true and *slot, or false. The entry there may have another key. ---- */

enum { MMS__NO_SLOT = -1 };
#define MMS__DISPLACED UINT32_C(0x80000000)

/* One body for both widths; `hash` and `seeded` are expressions, the latter of `seed`. */
#define MMS__LOCATE(map, hash, seeded)                                                                    \
    do {                                                                                                  \
        const uint32_t *displacements;                                                                    \
        uint32_t seed;                                                                                    \
                                                                                                          \
        if ((map)->count == 0)                                                                            \
            return false;                                                                                 \
        displacements = MMS_CAST(const uint32_t *, mms__at(&(map)->displacements, (map)->displacements)); \
        seed = displacements[(hash) % (map)->count];                                                      \
        if (seed == UINT32_MAX)                                                                           \
            return false;                                                                                 \
        *slot = MMS_CAST(size_t, seed < MMS__DISPLACED ? seed : (seeded) % (map)->count);                 \
        return true;                                                                                      \
    } while (0)

static inline bool mms_map32_locate(const mms_map32 *map, uint64_t key, unsigned bytes, size_t *slot)
{
    MMS__LOCATE(map, mms__sea_word(key, bytes), mms__sea_seeded_word(seed, key, bytes));
}

static inline bool mms_map64_locate(const mms_map64 *map, uint64_t key, unsigned bytes, size_t *slot)
{
    MMS__LOCATE(map, mms__sea_word(key, bytes), mms__sea_seeded_word(seed, key, bytes));
}

/* A short text with its end is a word. */
static inline bool mms_map32_locate_bytes(const mms_map32 *map, const void *data, size_t size, int text, size_t *slot)
{
    if (text && size < 8)
        return mms_map32_locate(map, mms__sea_load(data, size) | UINT64_C(0xff) << 8 * size,
                                MMS_CAST(unsigned, size) + 1, slot);
    MMS__LOCATE(map, mms__sea_bytes(NULL, data, size, text), mms__sea_bytes(&seed, data, size, text));
}

static inline bool mms_map64_locate_bytes(const mms_map64 *map, const void *data, size_t size, int text, size_t *slot)
{
    if (text && size < 8)
        return mms_map64_locate(map, mms__sea_load(data, size) | UINT64_C(0xff) << 8 * size,
                                MMS_CAST(unsigned, size) + 1, slot);
    MMS__LOCATE(map, mms__sea_bytes(NULL, data, size, text), mms__sea_bytes(&seed, data, size, text));
}

/* ---- The typed read, as generated headers use it ---- */

static inline const void *mms__archive_root(mms_reader *reader, mms_archive *archive, mms_view *view, size_t root_size)
{
    const void *root;

    if (mms_read(reader, view) != 0 || !view) /* which mms_read does not take */
        return NULL;
#ifndef MMS_NO_INLINE
    if (MMS__LIKELY(MMS__POINTER_CAST(const struct mms__reader_head *, reader)->checked ==
                    mms__load_relaxed(&archive->token)))
        return mms__root_of(view->data, view->size, root_size);
#else
    MMS_CAST(void, root_size);
#endif
    /* Not the view itself: one whose address escapes cannot live in registers (mmsync/fast.h). */
    return mms__archive_root_slow(reader, archive, NULL, &root) == 0 ? root : NULL;
}

#pragma GCC visibility pop
#ifdef __cplusplus
}

/* How mmsync.hpp knows the types of a schema: generated headers end with one line for each. */
namespace mmsync
{
template <typename T> struct schema_type;
template <typename T> struct schema_container;
} // namespace mmsync
#define MMS_SCHEMA_TYPE(name, archived_name)         \
    template <> struct mmsync::schema_type<::name> { \
        typedef ::archived_name archived;            \
        static mms_archive *archive() noexcept       \
        {                                            \
            return &::name##_archive;                \
        }                                            \
    };
/* Where the elements of a container lie next to each other, and where they are in a tree. */
#define MMS_SCHEMA_LIST(name, archived_name, elements)                                  \
    template <> struct mmsync::schema_container<::archived_name> {                      \
        typedef ::archived_name archived;                                               \
        static constexpr bool is_tree = false;                                          \
        static decltype(::name##_##elements(nullptr)) data(const archived *of) noexcept \
        {                                                                               \
            return ::name##_##elements(of);                                             \
        }                                                                               \
        static size_t count(const archived *of) noexcept                                \
        {                                                                               \
            return ::name##_count(of);                                                  \
        }                                                                               \
    };
#define MMS_SCHEMA_TREE(name, archived_name)                                                                \
    template <> struct mmsync::schema_container<::archived_name> {                                          \
        typedef ::archived_name archived;                                                                   \
        static constexpr bool is_tree = true;                                                               \
        static decltype(::name##_next(nullptr)) first(const archived *of, mms_tree_cursor *cursor) noexcept \
        {                                                                                                   \
            return ::name##_first(of, cursor);                                                              \
        }                                                                                                   \
        static decltype(::name##_next(nullptr)) next(mms_tree_cursor *cursor) noexcept                      \
        {                                                                                                   \
            return ::name##_next(cursor);                                                                   \
        }                                                                                                   \
        static size_t count(const archived *of) noexcept                                                    \
        {                                                                                                   \
            return ::name##_count(of);                                                                      \
        }                                                                                                   \
    };
#endif
#endif
