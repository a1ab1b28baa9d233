/* SPDX-License-Identifier: Apache-2.0 */
/* The steady state of mms_read, mms_refresh and mms_release: one store, one load, one branch;
   three cache lines (this handle, the reader's line, `current`). Everything else is out of line.
   The library exports the same functions for bindings and for programs that define MMS_NO_INLINE.
   Not part of the API. */
#ifndef MMSYNC_FAST_H
#define MMSYNC_FAST_H

#include <mmsync.h>
#include <mmsync/pin.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

#ifndef MMS__INLINE
/* Always: a compiler that splits such a function, to share its rare half, lets the address of the view escape. */
#define MMS__INLINE static inline __attribute__((always_inline))
#endif

#define MMS__LIKELY(condition) __builtin_expect(!!(condition), 1)

/* The frozen head of an mms_reader. It lies in memory that fork wipes: a child finds MMS__FORKED, and takes the slow
   path before it could touch what is not its own. */
enum mms__reader_state {
    MMS__FORKED = 0,
    MMS__READY = 1,      /* no view; `word` is the last one pinned; asymmetric */
    MMS__HELD = 2,       /* view of `word`; asymmetric */
    MMS__READY_SLOW = 3, /* no view; anything the inline functions do not handle: first read, symmetric fences */
    MMS__HELD_SLOW = 4,
    MMS__CLOSED = 5
};

struct mms__reader_head {
    mms__word *announce;
    const mms__word *current;
    uint64_t word;          /* of the last view: its generation and slot */
    struct mms__view_head { /* as an mms_view begins */
        const void *data;
        size_t size;
        uint64_t generation;
        bool changed; /* always false */
    } view;
    uint32_t state;   /* enum mms__reader_state */
    uint32_t checked; /* token of the archive type that `word` was checked as; 0: not checked */
};

int mms__read_slow(mms_reader *reader, mms_view *out) __attribute__((cold));
int mms__refresh_slow(mms_reader *reader, mms_view *view) __attribute__((cold));
int mms__release_slow(mms_reader *reader) __attribute__((cold));

static inline void mms__fill_view(const struct mms__reader_head *head, mms_view *view)
{
    view->data = head->view.data;
    view->size = head->view.size;
    view->generation = head->view.generation;
    view->changed = head->view.changed;
}

static inline int mms__see_slow_in_place(int (*slow)(mms_reader *, mms_view *), mms_reader *reader, mms_view *out)
{
    int code = slow(reader, out);

    if (code != 0 && out) {
        out->data = NULL;
        out->size = 0;
        out->generation = 0;
        out->changed = false;
    }
    return code;
}

/* Where the functions below are inlined, the slow ones fill a view of our own: one whose address escapes must be
   in memory whenever it is filled, while the caller's, as far as it is used at all, can live in registers. That halves
   the stores of a read. */
__attribute__((always_inline)) static inline int mms__see_slow(int (*slow)(mms_reader *, mms_view *),
                                                               mms_reader *reader, mms_view *out)
{
#ifdef MMS__OUT_OF_LINE
    return mms__see_slow_in_place(slow, reader, out);
#else
    mms_view view;
    int code = mms__see_slow_in_place(slow, reader, out ? &view : NULL);

    if (out) {
        out->data = view.data;
        out->size = view.size;
        out->generation = view.generation;
        out->changed = view.changed;
    }
    return code;
#endif
}

MMS__INLINE int mms_read(mms_reader *reader, mms_view *out)
{
    struct mms__reader_head *head = MMS__POINTER_CAST(struct mms__reader_head *, reader);
    uint64_t word;

    if (!MMS__LIKELY(head && out && head->state == MMS__READY))
        return mms__see_slow(mms__read_slow, reader, out);
    word = head->word;
    if (!MMS__LIKELY(mms__announce(head->announce, head->current, word, false) == word))
        return mms__see_slow(mms__read_slow, reader, out);
    MMS__STEP(fast_pinned);
    head->state = MMS__HELD;
    mms__fill_view(head, out);
    return 0;
}

MMS__INLINE int mms_refresh(mms_reader *reader, mms_view *view)
{
    struct mms__reader_head *head = MMS__POINTER_CAST(struct mms__reader_head *, reader);

    /* Only compared: the pin has acquired what belongs to this word (pair: mms__publish). The acquire is free. */
    if (!MMS__LIKELY(head && view && head->state == MMS__HELD && mms__load_acquire(head->current) == head->word))
        return mms__see_slow(mms__refresh_slow, reader, view);
    mms__fill_view(head, view);
    return 0;
}

MMS__INLINE int mms_release(mms_reader *reader)
{
    struct mms__reader_head *head = MMS__POINTER_CAST(struct mms__reader_head *, reader);

    if (!MMS__LIKELY(head && head->state == MMS__HELD))
        return mms__release_slow(reader);
    mms__fence_acquire(); /* as in mms__still_whole, whose first half this is */
    if (!MMS__LIKELY(mms__load_relaxed(head->current) == head->word))
        return mms__release_slow(reader);
    MMS__STEP(fast_release_checked);
    mms__announce_idle(head->announce);
    MMS__STEP(fast_release_idle);
    head->state = MMS__READY;
    return 0;
}

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
