/* SPDX-License-Identifier: Apache-2.0 */
/* An open region and the values that are pinned in it. Both are counted: a region stays open until
   its last snapshot is gone, and a value stays pinned until the last of its snapshots is. */
#ifndef MMSPY_HANDLE_H
#define MMSPY_HANDLE_H

#include "native.h"

enum { MMSPY_IDLE = 8 };

struct mmspy_pin {
    struct mmspy_handle *handle;
    mms_reader *reader; /* NULL: `copy` has the value, as this process may not pin */
    void *copy;
    mms_view view;
    bool checked; /* it is a typed value, and its bytes are right */
    unsigned long process;
    long count;
};

struct mmspy_handle {
    mms_region *region;
    struct mmspy_pin *latest; /* not counted; NULL once it is gone */
    mms_reader *idle[MMSPY_IDLE];
    int idle_count;
    unsigned long process;
    long count;
};

/* A handle with a count of 1. */
struct mmspy_handle *mmspy_handle_open(const char *path, const mms_region_options *options);
struct mmspy_handle *mmspy_handle_keep(struct mmspy_handle *handle);
void mmspy_handle_drop(struct mmspy_handle *handle);

/* The newest value: the latest pin if that is still it, else another one. */
struct mmspy_pin *mmspy_pin_newest(struct mmspy_handle *handle);
struct mmspy_pin *mmspy_pin_keep(struct mmspy_pin *pin);
/* 0, or what mms_release has returned. */
int mmspy_pin_drop(struct mmspy_pin *pin);

/* copy.c: the newest value for a process that may not pin. 0 with a view of memory to free. */
int mmspy_copy_newest(mms_region *region, void **copy, mms_view *view);

/* -1 with an exception: the pin belongs to a parent. */
int mmspy_pin_check(const struct mmspy_pin *pin);

/* A Snapshot takes over one count of the pin. */
PyObject *mmspy_snapshot_new(struct mmspy_pin *pin);
/* The pin of a Snapshot, if it is there and this process's own; NULL with an exception. Not counted: it
   may go as soon as any code of Python runs, which can close the snapshot. The other one is counted. */
struct mmspy_pin *mmspy_snapshot_pin(PyObject *snapshot);
struct mmspy_pin *mmspy_snapshot_keep(PyObject *snapshot);

/* A memoryview of some bytes of a value, which keeps the pin. */
PyObject *mmspy_slice_view(struct mmspy_pin *pin, const void *data, size_t size);

/* The open handle of a Region, and a Snapshot of its newest value. */
struct mmspy_handle *mmspy_region_handle(PyObject *region);
PyObject *mmspy_region_snapshot(PyObject *region, uint64_t *generation);

/* What `make` makes of the newest value of a Region. */
PyObject *mmspy_newest_new(PyObject *region, PyObject *make);

/* A descriptor for event loops. */
PyObject *mmspy_waiter_new(struct mmspy_handle *handle);

#endif
