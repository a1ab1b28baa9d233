/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_writer.h"
#include "base/error.h"
#include "handle/writer.h"
#include <stdlib.h>
#include <string.h>

static struct {
    struct mms_writer handle;
    unsigned char *value, *update; /* update NULL: none was begun */
    bool *touches;                 /* of each byte of the value */
    size_t size, capacity, limit, next_limit;
    int refusal; /* for more than a limit */
    uint64_t touched;
} own;

/* Never NULL, and with nothing behind the last byte. */
static unsigned char *allocate(size_t size)
{
    void *memory = NULL;

    if (posix_memalign(&memory, 64, size > 0 ? size : 1) != 0)
        abort();
    return memory;
}

static unsigned char *copy_of(const void *bytes, size_t size)
{
    unsigned char *copy = allocate(size);

    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

/* ---- The back end ---- */

static int begin_update(struct mms_writer *writer, size_t *capacity, bool touches, void **buffer, size_t *size,
                        mms_receipt *receipt)
{
    (void)writer, (void)receipt;
    check_true(!own.update && *capacity == 0 && touches);
    own.update = copy_of(own.value, own.size);
    own.touches = calloc(own.size + 1, sizeof *own.touches);
    check_true(own.touches != NULL);
    own.capacity = *capacity = own.size;
    *buffer = own.update;
    *size = own.size;
    return 0;
}

static int grow(struct mms_writer *writer, size_t capacity, void **buffer)
{
    unsigned char *larger;

    (void)writer;
    check_true(own.update != NULL);
    if (capacity > own.limit)
        return mms__fail(own.refusal, "growing to %zu bytes", capacity);
    if (capacity > own.capacity) {
        larger = allocate(capacity);
        memcpy(larger, own.update, own.capacity);
        memset(larger + own.capacity, 0xa5, capacity - own.capacity);
        free(own.update);
        own.update = larger;
        own.capacity = capacity;
    }
    *buffer = own.update;
    return 0;
}

static int grow_next(struct mms_writer *writer, size_t capacity)
{
    (void)writer;
    check_true(own.update != NULL);
    return capacity <= own.next_limit ? 0 : mms__fail(own.refusal, "growing the next update to %zu bytes", capacity);
}

static void touch(struct mms_writer *writer, size_t offset, size_t length)
{
    (void)writer;
    check_true(own.update && offset <= own.capacity && length <= own.capacity - offset);
    own.touched += length;
    if (offset < own.size)
        memset(own.touches + offset, true, length < own.size - offset ? length : own.size - offset);
}

/* G12 depends on it: what is not touched is as it was. */
static void check_untouched(size_t size)
{
    for (size_t i = 0; i < size && i < own.size; i++)
        if (own.update[i] != own.value[i] && !own.touches[i])
            check_failed(__FILE__, __LINE__, "byte %zu was changed and not touched", i);
}

static void abort_update(struct mms_writer *writer)
{
    (void)writer;
    free(own.update);
    free(own.touches);
    own.update = NULL;
    own.touches = NULL;
}

static int commit(struct mms_writer *writer, size_t size, mms_receipt *receipt)
{
    check_true(own.update && size <= own.capacity);
    check_untouched(size);
    free(own.value);
    own.value = copy_of(own.update, size);
    own.size = size;
    abort_update(writer);
    if (receipt)
        memset(receipt, 0, sizeof *receipt);
    return 0;
}

static const struct mms__backend backend = {.update = begin_update,
                                            .grow = grow,
                                            .grow_next = grow_next,
                                            .touch = touch,
                                            .commit = commit,
                                            .abort = abort_update};

/* ---- The handle ---- */

mms_writer *memory_writer_open(const void *bytes, size_t size)
{
    memset(&own, 0, sizeof own);
    own.handle.process = mms__process_token();
    own.handle.backend = &backend;
    strcpy(own.handle.place.path, "memory");
    own.value = copy_of(bytes, size);
    own.size = size;
    own.limit = own.next_limit = SIZE_MAX;
    own.refusal = MMS_E_TOO_BIG;
    return &own.handle;
}

const void *memory_writer_value(size_t *size)
{
    *size = own.size;
    return own.value;
}

void memory_writer_limit(size_t size)
{
    own.limit = size;
}

void memory_writer_limit_next(size_t size)
{
    own.next_limit = size;
}

void memory_writer_refuse(int code)
{
    own.refusal = code;
}

uint64_t memory_writer_touched(void)
{
    return own.touched;
}

void memory_writer_close(void)
{
    abort_update(&own.handle);
    free(own.value);
    free(own.handle.table);
    own.value = NULL;
    own.handle.table = NULL;
}
