/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/parse/known.h"
#include <mmsync/archive.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SCALAR(name, modules, kind)                        \
    {                                                      \
        name, modules, NULL, kind, 0, KNOWN_PLAIN, NULL, 0 \
    }
#define NON_ZERO(name, kind)                                                \
    {                                                                       \
        name, "std::num", NULL, kind, 0, KNOWN_PLAIN, NULL, MMS_TF_NON_ZERO \
    }
#define GENERIC(name, modules, kind, arguments)                    \
    {                                                              \
        name, modules, NULL, kind, arguments, KNOWN_PLAIN, NULL, 0 \
    }
#define HASHED(name, modules, kind, arguments)                      \
    {                                                               \
        name, modules, NULL, kind, arguments, KNOWN_HASHED, NULL, 0 \
    }
#define ALIAS(name, modules, as)                       \
    {                                                  \
        name, modules, NULL, -1, 0, KNOWN_ALIAS, as, 0 \
    }
#define FORM(name, modules, form, as)           \
    {                                           \
        name, modules, NULL, -1, 1, form, as, 0 \
    }
#define REFUSED(name, modules, advice)                     \
    {                                                      \
        name, modules, advice, -1, 0, KNOWN_PLAIN, NULL, 0 \
    }

#define SHARED "rkyv archives shared values once, which mmsc cannot do; use Box"
#define CHANGING "rkyv cannot archive it, because archives do not change; use the type inside"
#define CHRONO "its fields are private to chrono and may change; store seconds since 1970 as i64"

static const struct known_type types[] = {
    /* Without generic arguments */
    SCALAR("bool", "", MMS_T_BOOL),
    SCALAR("u8", "", MMS_T_U8),
    SCALAR("u16", "", MMS_T_U16),
    SCALAR("u32", "", MMS_T_U32),
    SCALAR("u64", "", MMS_T_U64),
    SCALAR("u128", "", MMS_T_U128),
    SCALAR("i8", "", MMS_T_I8),
    SCALAR("i16", "", MMS_T_I16),
    SCALAR("i32", "", MMS_T_I32),
    SCALAR("i64", "", MMS_T_I64),
    SCALAR("i128", "", MMS_T_I128),
    SCALAR("usize", "", MMS_T_USIZE),
    SCALAR("isize", "", MMS_T_ISIZE),
    SCALAR("f32", "", MMS_T_F32),
    SCALAR("f64", "", MMS_T_F64),
    SCALAR("char", "", MMS_T_CHAR),
    SCALAR("String", "std::string", MMS_T_STRING),
    SCALAR("Duration", "std::time", MMS_T_DURATION),
    SCALAR("Ipv4Addr", "std::net", MMS_T_IPV4),
    SCALAR("Ipv6Addr", "std::net", MMS_T_IPV6),
    SCALAR("IpAddr", "std::net", MMS_T_IP),
    SCALAR("SocketAddrV4", "std::net", MMS_T_SOCKET_V4),
    SCALAR("SocketAddrV6", "std::net", MMS_T_SOCKET_V6),
    SCALAR("SocketAddr", "std::net", MMS_T_SOCKET),
    SCALAR("Uuid", "uuid", MMS_T_UUID),
    NON_ZERO("NonZeroU8", MMS_T_U8),
    NON_ZERO("NonZeroU16", MMS_T_U16),
    NON_ZERO("NonZeroU32", MMS_T_U32),
    NON_ZERO("NonZeroU64", MMS_T_U64),
    NON_ZERO("NonZeroU128", MMS_T_U128),
    NON_ZERO("NonZeroUsize", MMS_T_USIZE),
    NON_ZERO("NonZeroI8", MMS_T_I8),
    NON_ZERO("NonZeroI16", MMS_T_I16),
    NON_ZERO("NonZeroI32", MMS_T_I32),
    NON_ZERO("NonZeroI64", MMS_T_I64),
    NON_ZERO("NonZeroI128", MMS_T_I128),
    NON_ZERO("NonZeroIsize", MMS_T_ISIZE),

    /* Containers */
    GENERIC("Box", "std::boxed", MMS_T_BOX, 1),
    GENERIC("Vec", "std::vec", MMS_T_VEC, 1),
    GENERIC("Option", "std::option", MMS_T_OPTION, 1),
    GENERIC("Result", "std::result", MMS_T_RESULT, 2),
    HASHED("HashMap", "std::collections std::collections::hash_map hashbrown hashbrown::hash_map", MMS_T_MAP, 2),
    HASHED("HashSet", "std::collections std::collections::hash_set hashbrown hashbrown::hash_set", MMS_T_SET, 1),
    GENERIC("BTreeMap", "std::collections std::collections::btree_map", MMS_T_TREE, 2),
    GENERIC("BTreeSet", "std::collections std::collections::btree_set", MMS_T_TREE_SET, 1),
    FORM("Range", "std::ops", KNOWN_RANGE, "start end"),
    FORM("RangeInclusive", "std::ops", KNOWN_RANGE, "start end"),
    FORM("RangeFrom", "std::ops", KNOWN_RANGE, "start"),
    FORM("RangeTo", "std::ops", KNOWN_RANGE, "end"),
    FORM("RangeToInclusive", "std::ops", KNOWN_RANGE, "end"),
    FORM("NonZero", "std::num", KNOWN_NON_ZERO, NULL),

    /* What rkyv archives as it does another type */
    ALIAS("FxHashMap", "rustc_hash fxhash", "HashMap"),
    ALIAS("FxHashSet", "rustc_hash fxhash", "HashSet"),
    ALIAS("FnvHashMap", "fnv", "HashMap"),
    ALIAS("FnvHashSet", "fnv", "HashSet"),
    FORM("VecDeque", "std::collections std::collections::vec_deque", KNOWN_VEC, NULL),
    FORM("SmallVec", "smallvec", KNOWN_VEC, "array"),
    FORM("ArrayVec", "arrayvec tinyvec", KNOWN_VEC, "array, or capacity"),
    FORM("TinyVec", "tinyvec", KNOWN_VEC, "array"),
    FORM("ManuallyDrop", "std::mem", KNOWN_INNER, NULL),
    FORM("PhantomData", "std::marker", KNOWN_NOTHING, NULL),
    FORM("PhantomPinned", "std::marker", KNOWN_NOTHING, NULL),
    FORM("RangeFull", "std::ops", KNOWN_NOTHING, NULL),
    ALIAS("SmolStr", "smol_str", "String"),
    ALIAS("AtomicBool", "std::sync::atomic", "bool"),
    ALIAS("AtomicU8", "std::sync::atomic", "u8"),
    ALIAS("AtomicU16", "std::sync::atomic", "u16"),
    ALIAS("AtomicU32", "std::sync::atomic", "u32"),
    ALIAS("AtomicU64", "std::sync::atomic", "u64"),
    ALIAS("AtomicUsize", "std::sync::atomic", "usize"),
    ALIAS("AtomicI8", "std::sync::atomic", "i8"),
    ALIAS("AtomicI16", "std::sync::atomic", "i16"),
    ALIAS("AtomicI32", "std::sync::atomic", "i32"),
    ALIAS("AtomicI64", "std::sync::atomic", "i64"),
    ALIAS("AtomicIsize", "std::sync::atomic", "isize"),

    /* What one would expect to work, and what to do */
    REFUSED("str", "", "use String, or Box<str>"),
    REFUSED("Rc", "std::rc", SHARED),
    REFUSED("Arc", "std::sync", SHARED),
    REFUSED("Weak", "std::rc std::sync", "store an id of the value, or an index"),
    REFUSED("Cow", "std::borrow", "rkyv cannot archive it alone; use the owned type"),
    REFUSED("LinkedList", "std::collections std::collections::linked_list", "rkyv cannot archive it; use Vec"),
    REFUSED("BinaryHeap", "std::collections std::collections::binary_heap", "rkyv cannot archive it; use Vec"),
    REFUSED("AHashMap", "ahash", "rkyv cannot archive it; use HashMap<K, V, ahash::RandomState>"),
    REFUSED("AHashSet", "ahash", "rkyv cannot archive it; use HashSet<K, ahash::RandomState>"),
    REFUSED("DashMap", "dashmap", "rkyv cannot archive it; use HashMap"),
    REFUSED("IndexMap", "indexmap", "its archive keeps the order, which mmsc does not support; use BTreeMap, or a Vec"),
    REFUSED("IndexSet", "indexmap", "its archive keeps the order, which mmsc does not support; use BTreeSet, or a Vec"),
    REFUSED("Bytes", "bytes", "use Vec<u8>, whose archive is the same"),
    REFUSED("BytesMut", "bytes", "rkyv cannot archive it; use Vec<u8>"),
    REFUSED("BitVec", "bitvec::vec bitvec::prelude", "its archive depends on bitvec; use Vec<u8>"),
    REFUSED("BitArray", "bitvec::array bitvec::prelude", "its archive depends on bitvec; use an array"),
    REFUSED("Cell", "std::cell", CHANGING),
    REFUSED("RefCell", "std::cell", CHANGING),
    REFUSED("OnceCell", "std::cell", CHANGING),
    REFUSED("Mutex", "std::sync", CHANGING),
    REFUSED("RwLock", "std::sync", CHANGING),
    REFUSED("OnceLock", "std::sync", CHANGING),
    REFUSED("Wrapping", "std::num", "rkyv cannot archive it; use the integer"),
    REFUSED("Saturating", "std::num", "rkyv cannot archive it; use the integer"),
    REFUSED("Reverse", "std::cmp", "rkyv cannot archive it; use the type inside"),
    REFUSED("Bound", "std::ops", "rkyv cannot archive it; write an enum with its variants"),
    REFUSED("SystemTime", "std::time", "rkyv cannot archive it alone; store a Duration since 1970"),
    REFUSED("Instant", "std::time", "it means nothing in another process"),
    REFUSED("DateTime", "chrono", CHRONO),
    REFUSED("NaiveDateTime", "chrono", CHRONO),
    REFUSED("NaiveDate", "chrono", CHRONO),
    REFUSED("NaiveTime", "chrono", CHRONO),
    REFUSED("TimeDelta", "chrono", "its fields are private to chrono and may change; store nanoseconds as i64"),
    REFUSED("PathBuf", "std::path", "rkyv cannot archive it alone; use String"),
    REFUSED("OsString", "std::ffi", "rkyv cannot archive it alone; use String"),
    REFUSED("CString", "std::ffi", "its archive ends with a 0, which mmsc does not support; use String"),
};

const struct known_type *known_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, name))
            return &types[i];
    return NULL;
}

/* Is a module, of `size` bytes, one of a list? */
static bool has_module(const char *list, const char *module, size_t size)
{
    while (*list) {
        size_t length = strcspn(list, " ");

        if (length == size && !memcmp(list, module, size))
            return true;
        list += length + (list[length] == ' ');
    }
    return false;
}

/* core::time and alloc::string are std's. Returns what comes behind the crate's name, or NULL:
   another crate. */
static const char *behind_standard(const char *path)
{
    static const char *const crates[] = {"std::", "core::", "alloc::"};

    for (size_t i = 0; i < sizeof crates / sizeof *crates; i++)
        if (!strncmp(path, crates[i], strlen(crates[i])))
            return path + strlen(crates[i]);
    return NULL;
}

const struct known_type *known_by_path(const char *path)
{
    const char *last = strrchr(path, ':'), *rest = behind_standard(path);
    const struct known_type *type = known_by_name(last ? last + 1 : path);
    char module[128];
    size_t size;

    if (!last || !type)
        return type;
    if (!*type->modules) /* std::primitive::u8 */
        return rest && !strncmp(rest, "primitive::", 11) && rest + 11 == last + 1 ? type : NULL;
    if (strlen(path) >= sizeof module - sizeof "std::")
        return NULL;
    snprintf(module, sizeof module, "%s%s", rest ? "std::" : "", rest ? rest : path);
    size = strlen(module) - strlen(last) - 1;
    return has_module(type->modules, module, size) ? type : NULL;
}
