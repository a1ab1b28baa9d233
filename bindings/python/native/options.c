/* SPDX-License-Identifier: Apache-2.0 */
/* Keyword arguments are the members of mms_writer_options and mms_region_options, by name. */
#include "native.h"
#include <stddef.h>
#include <string.h>

enum kind {
    COUNT_8,
    COUNT_32,
    COUNT_64,
    SIZE,
    WAIT_MS,
    FLAG,
    TYPE_ID,
    FENCE,
    ON_GRACE,
    TRACK,
    DURABLE,
    HUGE_PAGES,
    GROUP,
    TRUSTED
};

struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t flag; /* of GROUP and TRUSTED: a bool that says that there is one */
};

#define W(name, kind)                                      \
    {                                                      \
#name, kind, offsetof(mms_writer_options, name), 0 \
    }
static const struct option writer_options[] = {
    W(max_size, COUNT_64),
    W(max_slots, COUNT_32),
    W(max_readers, COUNT_32),
    W(grace_ms, WAIT_MS),
    W(on_grace, ON_GRACE),
    W(lock_wait_ms, WAIT_MS),
    W(fence, FENCE),
    W(mode, COUNT_32),
    W(readers_mode, COUNT_32),
    W(replace, FLAG),
    W(checksum, FLAG),
    W(force_filesystem, FLAG),
    W(type_id, TYPE_ID),
    W(tag, COUNT_64),
    W(changes_size, COUNT_64),
    W(check_touch, FLAG),
    W(track, TRACK),
    W(keep, COUNT_8),
    W(durable, DURABLE),
    W(huge_pages, HUGE_PAGES),
    {"gid", GROUP, offsetof(mms_writer_options, gid), offsetof(mms_writer_options, has_gid)},
    {"trusted_uid", TRUSTED, offsetof(mms_writer_options, trusted_uid), offsetof(mms_writer_options, trust_owner)},
    {NULL, FLAG, 0, 0},
};

#define R(name, kind)                                      \
    {                                                      \
#name, kind, offsetof(mms_region_options, name), 0 \
    }
static const struct option region_options[] = {
    R(fence, FENCE),
    R(read_only, FLAG),
    R(prefault, FLAG),
    R(type_id, TYPE_ID),
    R(force_filesystem, FLAG),
    R(check_always, FLAG),
    {"trusted_uid", TRUSTED, offsetof(mms_region_options, trusted_uid), offsetof(mms_region_options, trust_owner)},
    {NULL, FLAG, 0, 0},
};

#define T(name, kind)                                     \
    {                                                     \
#name, kind, offsetof(mms_table_options, name), 0 \
    }
static const struct option table_options[] = {
    T(type_id, TYPE_ID),    T(expected, COUNT_64), T(key_size, SIZE),  T(value_size, SIZE),
    T(max_bytes, COUNT_64), T(expiring, FLAG),     {NULL, FLAG, 0, 0},
};

static int refuse(const char *name, const char *wanted)
{
    if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_OverflowError) || PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        mmspy_raise_format(MMS_E_INVALID, "option %s must be %s", name, wanted);
    }
    return -1;
}

static int read_u64(PyObject *value, const char *name, uint64_t *out)
{
    *out = PyLong_AsUnsignedLongLong(value);
    return *out == UINT64_MAX && PyErr_Occurred() ? refuse(name, "an integer from 0 to 2**64 - 1") : 0;
}

static int read_u8(PyObject *value, const char *name, uint8_t *out)
{
    unsigned long long wide = PyLong_AsUnsignedLongLong(value);

    if (PyErr_Occurred() || wide > UINT8_MAX)
        return refuse(name, "an integer from 0 to 255");
    *out = (uint8_t)wide;
    return 0;
}

static int read_u32(PyObject *value, const char *name, uint32_t *out)
{
    unsigned long long wide = PyLong_AsUnsignedLongLong(value);

    if (PyErr_Occurred() || wide > UINT32_MAX)
        return refuse(name, "an integer from 0 to 2**32 - 1");
    *out = (uint32_t)wide;
    return 0;
}

static int read_size(PyObject *value, const char *name, size_t *out)
{
    *out = PyLong_AsSize_t(value);
    return *out == SIZE_MAX && PyErr_Occurred() ? refuse(name, "a number of bytes") : 0;
}

/* In Python, not to wait is 0. */
static int read_wait(PyObject *value, const char *name, int32_t *out)
{
    long ms = PyLong_AsLong(value);

    if ((ms == -1 && PyErr_Occurred()) || ms < -1 || ms > INT32_MAX)
        return refuse(name, "a number of milliseconds, 0 not to wait, or -1 to wait for ever");
    *out = ms == 0 ? MMS_NO_WAIT : (int32_t)ms;
    return 0;
}

static int read_type_id(PyObject *value, const char *name, uint64_t out[2])
{
    static const char wanted[] = "a pair of integers from 0 to 2**64 - 1";

    if (!PyTuple_Check(value) || PyTuple_Size(value) != 2)
        return refuse(name, wanted);
    for (Py_ssize_t i = 0; i < 2; i++)
        out[i] = PyLong_AsUnsignedLongLong(PyTuple_GetItem(value, i));
    return PyErr_Occurred() ? refuse(name, wanted) : 0;
}

/* One of some words; the number of that word. */
static int read_word(PyObject *value, const char *name, const char *const words[], const char *wanted)
{
    const char *text = PyUnicode_Check(value) ? PyUnicode_AsUTF8AndSize(value, NULL) : NULL;

    for (int i = 0; text && words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return refuse(name, wanted);
}

static int read_fence(PyObject *value, const char *name, mms_fence *out)
{
    static const char *const words[] = {"auto", "symmetric", "asymmetric", NULL};
    int word = read_word(value, name, words, "'auto', 'symmetric' or 'asymmetric'");

    *out = (mms_fence)word;
    return word < 0 ? -1 : 0;
}

static int read_on_grace(PyObject *value, const char *name, mms_on_grace *out)
{
    static const char *const words[] = {"refuse", "evict", NULL};
    int word = read_word(value, name, words, "'refuse' or 'evict'");

    *out = (mms_on_grace)word;
    return word < 0 ? -1 : 0;
}

static int read_track(PyObject *value, const char *name, mms_track *out)
{
    static const char *const words[] = {"touches", "pages", "auto", NULL};
    int word = read_word(value, name, words, "'auto', 'pages' or 'touches'");

    *out = (mms_track)word;
    return word < 0 ? -1 : 0;
}

static int read_durable(PyObject *value, const char *name, uint8_t *out)
{
    static const char *const words[] = {"commit", "sync", NULL};
    int word = read_word(value, name, words, "'commit' or 'sync'");

    *out = (uint8_t)(word + 1);
    return word < 0 ? -1 : 0;
}

static int read_huge_pages(PyObject *value, const char *name, mms_huge_pages *out)
{
    static const char *const words[] = {"auto", "off", "on", NULL};
    int word = read_word(value, name, words, "'auto', 'off' or 'on'");

    *out = (mms_huge_pages)word;
    return word < 0 ? -1 : 0;
}

static int read_flag(PyObject *value, bool *out)
{
    int truth = PyObject_IsTrue(value);

    *out = truth > 0;
    return truth < 0 ? -1 : 0;
}

static int read_owner(PyObject *value, const struct option *option, char *options)
{
    bool *given = (bool *)(void *)(options + option->flag);

    *given = true;
    return read_u32(value, option->name, (uint32_t *)(void *)(options + option->offset));
}

static int read_option(PyObject *value, const struct option *option, void *options)
{
    void *member = (char *)options + option->offset;

    if (value == Py_None)
        return 0;
    switch (option->kind) {
    case COUNT_8: return read_u8(value, option->name, member);
    case COUNT_32: return read_u32(value, option->name, member);
    case COUNT_64: return read_u64(value, option->name, member);
    case SIZE: return read_size(value, option->name, member);
    case WAIT_MS: return read_wait(value, option->name, member);
    case FLAG: return read_flag(value, member);
    case TYPE_ID: return read_type_id(value, option->name, member);
    case FENCE: return read_fence(value, option->name, member);
    case ON_GRACE: return read_on_grace(value, option->name, member);
    case TRACK: return read_track(value, option->name, member);
    case DURABLE: return read_durable(value, option->name, member);
    case HUGE_PAGES: return read_huge_pages(value, option->name, member);
    case GROUP:
    case TRUSTED: return read_owner(value, option, options);
    }
    return -1;
}

static int read_named(PyObject *key, PyObject *value, const struct option table[], void *options)
{
    const char *name = PyUnicode_AsUTF8AndSize(key, NULL);

    if (!name)
        return -1;
    for (const struct option *option = table; option->name; option++)
        if (strcmp(name, option->name) == 0)
            return read_option(value, option, options);
    PyErr_Format(PyExc_TypeError, "there is no option %s", name);
    return -1;
}

static int read_all(PyObject *keywords, const struct option table[], void *options)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;

    while (keywords && PyDict_Next(keywords, &position, &key, &value))
        if (read_named(key, value, table, options) != 0)
            return -1;
    return 0;
}

/* NumPy and the like store where nobody touches, so the library finds out by itself. */
int mmspy_writer_options_read(PyObject *keywords, mms_writer_options *out)
{
    *out = (mms_writer_options)MMS_WRITER_OPTIONS_INIT;
    out->track = MMS_TRACK_AUTO;
    return read_all(keywords, writer_options, out);
}

/* A snapshot may outlive the thread that took it. Nobody would hear that an array was taken away,
   so that is not allowed. */
int mmspy_region_options_read(PyObject *keywords, mms_region_options *out)
{
    *out = (mms_region_options)MMS_REGION_OPTIONS_INIT;
    out->detached = true;
    return read_all(keywords, region_options, out);
}

int mmspy_table_options_read(PyObject *keywords, mms_table_options *out)
{
    *out = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    return read_all(keywords, table_options, out);
}

mms_region_options mmspy_region_options_like(const mms_writer_options *options)
{
    mms_region_options region = MMS_REGION_OPTIONS_INIT;

    region.fence = options->fence;
    region.trusted_uid = options->trusted_uid;
    region.trust_owner = options->trust_owner;
    region.force_filesystem = options->force_filesystem;
    return region;
}
