/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_writer.h"
#include "base/error.h"
#include "handle/writer.h"
#include <stdlib.h>
#include <string.h>

int __wrap_mms_write_update(mms_writer *writer, size_t capacity, void **buffer, size_t *size, mms_receipt *receipt);
int __wrap_mms_write_grow(mms_writer *writer, size_t capacity, void **buffer);
int __wrap_mms_write_touch(mms_writer *writer, size_t offset, size_t length);
int __wrap_mms_write_commit(mms_writer *writer, size_t size, mms_receipt *receipt);
int __wrap_mms_write_abort(mms_writer *writer);
int __wrap_mms_write_set_type(mms_writer *writer, const uint64_t type_id[2], const char *schema, size_t schema_size);

static struct {
    struct mms_writer handle;
    unsigned char *value, *update; /* update NULL: none was begun */
    size_t size, capacity, limit;
    int refusal; /* for more than the limit */
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

mms_writer *memory_writer_open(const void *bytes, size_t size)
{
    memset(&own, 0, sizeof own);
    own.handle.process = mms__process_token();
    strcpy(own.handle.place.path, "memory");
    own.value = copy_of(bytes, size);
    own.size = size;
    own.limit = SIZE_MAX;
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
    free(own.value);
    free(own.update);
    free(own.handle.table);
    own.value = own.update = NULL;
    own.handle.table = NULL;
}

/* ---- In place of the library's ---- */

int __wrap_mms_write_update(mms_writer *writer, size_t capacity, void **buffer, size_t *size, mms_receipt *receipt)
{
    (void)receipt;
    check_true(!writer->building && capacity == 0);
    own.update = copy_of(own.value, own.size);
    own.capacity = own.size;
    writer->building = true;
    *buffer = own.update;
    *size = own.size;
    return 0;
}

int __wrap_mms_write_grow(mms_writer *writer, size_t capacity, void **buffer)
{
    unsigned char *larger;

    check_true(writer->building);
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

int __wrap_mms_write_touch(mms_writer *writer, size_t offset, size_t length)
{
    check_true(writer->building && offset <= own.capacity && length <= own.capacity - offset);
    own.touched += length;
    return 0;
}

static void end(mms_writer *writer)
{
    own.update = NULL;
    writer->building = writer->in_table = false;
}

int __wrap_mms_write_commit(mms_writer *writer, size_t size, mms_receipt *receipt)
{
    check_true(writer->building && size <= own.capacity);
    free(own.value);
    own.value = copy_of(own.update, size);
    own.size = size;
    free(own.update);
    end(writer);
    if (receipt)
        memset(receipt, 0, sizeof *receipt);
    return 0;
}

int __wrap_mms_write_abort(mms_writer *writer)
{
    check_true(writer->building);
    free(own.update);
    end(writer);
    return 0;
}

int __wrap_mms_write_set_type(mms_writer *writer, const uint64_t type_id[2], const char *schema, size_t schema_size)
{
    (void)type_id, (void)schema, (void)schema_size;
    check_true(writer->building);
    return 0;
}
