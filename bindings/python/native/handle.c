/* SPDX-License-Identifier: Apache-2.0 */
#include "handle.h"
#include <stdlib.h>

static struct mmspy_handle *handle_new(mms_region *region)
{
    struct mmspy_handle *handle = calloc(1, sizeof *handle);

    if (!handle) {
        mms_region_close(region);
        return (struct mmspy_handle *)(void *)PyErr_NoMemory();
    }
    handle->region = region;
    handle->process = mmspy_process;
    handle->count = 1;
    return handle;
}

struct mmspy_handle *mmspy_handle_open(const char *path, const mms_region_options *options)
{
    mms_region *region;
    int code;

    Py_BEGIN_ALLOW_THREADS
    code = mms_region_open(path, options, &region);
    Py_END_ALLOW_THREADS
    if (code != 0)
        return (struct mmspy_handle *)(void *)mmspy_raise(code);
    return handle_new(region);
}

struct mmspy_handle *mmspy_handle_keep(struct mmspy_handle *handle)
{
    handle->count++;
    return handle;
}

/* A child frees its copy of what was the parent's; the parent's goes on. */
void mmspy_handle_drop(struct mmspy_handle *handle)
{
    if (!handle || --handle->count > 0)
        return;
    if (handle->process == mmspy_process)
        for (int i = 0; i < handle->idle_count; i++)
            (void)mms_reader_close(handle->idle[i]);
    (void)mms_region_close(handle->region);
    free(handle);
}

/* ---- Pins ---- */

static int reader_take(struct mmspy_handle *handle, mms_reader **out)
{
    if (handle->idle_count > 0) {
        *out = handle->idle[--handle->idle_count];
        return 0;
    }
    return mms_reader_open(handle->region, out);
}

static void reader_give(struct mmspy_handle *handle, mms_reader *reader)
{
    if (handle->idle_count < MMSPY_IDLE)
        handle->idle[handle->idle_count++] = reader;
    else
        (void)mms_reader_close(reader);
}

static int pin_fill(struct mmspy_pin *pin, struct mmspy_handle *handle)
{
    mms_reader *reader;
    int code;

    if (mms_region_read_only(handle->region))
        return mmspy_copy_newest(handle->region, &pin->copy, &pin->view);
    code = reader_take(handle, &reader);
    if (code != 0)
        return code;
    code = mms_read(reader, &pin->view);
    if (code == 0)
        pin->reader = reader;
    else
        reader_give(handle, reader);
    return code;
}

/* The handle is kept meanwhile: copying releases the GIL. */
static struct mmspy_pin *pin_new(struct mmspy_handle *handle)
{
    struct mmspy_pin *pin = calloc(1, sizeof *pin);
    int code;

    if (!pin)
        return (struct mmspy_pin *)(void *)PyErr_NoMemory();
    pin->handle = mmspy_handle_keep(handle);
    pin->process = mmspy_process;
    pin->count = 1;
    code = pin_fill(pin, handle);
    if (code == 0) {
        handle->latest = pin;
        return pin;
    }
    if (!PyErr_Occurred())
        mmspy_raise(code);
    (void)mmspy_pin_drop(pin);
    return NULL;
}

struct mmspy_pin *mmspy_pin_newest(struct mmspy_handle *handle)
{
    struct mmspy_pin *latest = handle->latest;

    if (latest && latest->view.generation == mms_generation(handle->region))
        return mmspy_pin_keep(latest);
    return pin_new(handle);
}

struct mmspy_pin *mmspy_pin_keep(struct mmspy_pin *pin)
{
    pin->count++;
    return pin;
}

int mmspy_pin_drop(struct mmspy_pin *pin)
{
    struct mmspy_handle *handle = pin->handle;
    int code = 0;

    if (--pin->count > 0)
        return 0;
    if (handle->latest == pin)
        handle->latest = NULL;
    if (pin->reader && pin->process == mmspy_process) {
        code = mms_release(pin->reader);
        reader_give(handle, pin->reader);
    }
    free(pin->copy);
    free(pin);
    mmspy_handle_drop(handle);
    return code;
}
