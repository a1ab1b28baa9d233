/* SPDX-License-Identifier: Apache-2.0 */
#include "table/heap.h"

/* How many free blocks of a list are tried: blocks in one list differ in size, and each try may be
   a cache miss. */
enum { TRIES = 4 };

static uint64_t end_of(const struct mms_table *table)
{
    return table->head->size >> MMS__UNIT_BITS;
}

/* ---- Blocks ---- */

void mms__block_set(struct mms_table *table, uint64_t unit, uint64_t word)
{
    struct mms__free_block *block = mms__block(table, unit);

    mms__set_word(table, &block->word, word | (block->word & MMS__BLOCK_AFTER_FREE));
}

/* Begin a block whose word is stored later, or never, if it is joined with others. Touched all
   the same: whatever comes to lie there need not store to this word (G12). */
static void begin_block(struct mms_table *table, uint64_t unit)
{
    mms__set_word(table, &mms__block(table, unit)->word, 0);
}

/* The units of the block at `unit`, of any kind; 0: no block can be there. */
static uint64_t units_of(const struct mms_table *table, uint64_t unit)
{
    uint64_t end = end_of(table), word, units;

    if (unit < MMS__HEAD_UNITS || unit >= end || end - unit < MMS__BLOCK_FEWEST)
        return 0;
    word = mms__block(table, unit)->word;
    if ((word & (MMS__BLOCK_FREE | MMS__BLOCK_KIND)) != 0)
        units = word >> MMS__BLOCK_FLAG_BITS;
    else
        units = mms__entry_block_units(table->keys.entry_head, word >> MMS__BLOCK_FLAG_BITS & MMS__ENTRY_KEY_MASK,
                                       word >> MMS__ENTRY_VALUE_SHIFT, word);
    return units >= MMS__BLOCK_FEWEST && units <= end - unit ? units : 0;
}

static bool is_free(const struct mms_table *table, uint64_t unit)
{
    return (mms__block(table, unit)->word & MMS__BLOCK_FREE) != 0;
}

static mms__word *last_word(const struct mms_table *table, uint64_t end)
{
    return (mms__word *)(void *)(table->data + (end << MMS__UNIT_BITS)) - 1;
}

/* Note in the block at `unit`, if there is one, whether the block before it is free. */
static void set_after_free(struct mms_table *table, uint64_t unit, bool after_free)
{
    mms__word *word;

    if (unit >= end_of(table))
        return;
    word = &mms__block(table, unit)->word;
    mms__set_word(table, word, after_free ? *word | MMS__BLOCK_AFTER_FREE : *word & ~(uint64_t)MMS__BLOCK_AFTER_FREE);
}

/* ---- Lists ---- */

unsigned mms__heap_list(uint64_t units)
{
    unsigned log, list;

    if (units < MMS__SINGLE)
        return (unsigned)units;
    log = 63u - (unsigned)__builtin_clzll(units);
    list = MMS__SINGLE + (log - MMS__SINGLE_BITS) * MMS__STEPS +
           (unsigned)(units >> (log - MMS__STEP_BITS) & (MMS__STEPS - 1));
    return list < MMS__LISTS ? list : MMS__LISTS - 1;
}

static void mark_list(struct mms_table *table, unsigned list, bool full)
{
    uint64_t bit = UINT64_C(1) << (list & 63);
    mms__word *word = &table->head->full[list >> 6];

    *word = full ? *word | bit : *word & ~bit;
}

static int push(struct mms_table *table, uint64_t unit, uint64_t units)
{
    struct mms__free_block *block = mms__block(table, unit);
    unsigned list = mms__heap_list(units);
    uint64_t next = table->head->lists[list];

    if (next != 0 && units_of(table, next) == 0)
        return mms__table_damaged(table, "no free block, though listed, at unit", next);
    block->word = mms__block_word(units, MMS__BLOCK_FREE);
    block->next = next;
    block->previous = 0;
    mms__dirty(table, unit << MMS__UNIT_BITS, sizeof *block);
    mms__set_word(table, last_word(table, unit + units), units);
    if (next != 0)
        mms__set_word(table, &mms__block(table, next)->previous, unit);
    mms__set_word(table, &table->head->lists[list], unit);
    mark_list(table, list, true);
    table->head->free_bytes += units << MMS__UNIT_BITS;
    return 0;
}

/* The units of a free block that a list leads to; 0: it cannot be one. */
static uint64_t listed_units(const struct mms_table *table, uint64_t unit)
{
    uint64_t units = units_of(table, unit);

    return units > 0 && is_free(table, unit) && *last_word(table, unit + units) == units ? units : 0;
}

/* The next block of a list must be a free block that leads back. */
static bool are_linked(const struct mms_table *table, uint64_t unit, uint64_t next)
{
    return next == 0 || (listed_units(table, next) > 0 && mms__block(table, next)->previous == unit);
}

static bool leads_back(const struct mms_table *table, uint64_t unit, uint64_t previous, unsigned list)
{
    if (previous == 0)
        return table->head->lists[list] == unit;
    return listed_units(table, previous) > 0 && mms__block(table, previous)->next == unit;
}

/* Take a free block out of its list. */
static int unlink_block(struct mms_table *table, uint64_t unit, uint64_t units)
{
    struct mms__free_block *block = mms__block(table, unit);
    unsigned list = mms__heap_list(units);
    mms__word *before = &table->head->lists[list];

    if (!are_linked(table, unit, block->next) || !leads_back(table, unit, block->previous, list))
        return mms__table_damaged(table, "a broken list of free blocks at unit", unit);
    if (block->previous != 0)
        before = &mms__block(table, block->previous)->next;
    mms__set_word(table, before, block->next);
    if (block->next != 0)
        mms__set_word(table, &mms__block(table, block->next)->previous, block->previous);
    else if (block->previous == 0)
        mark_list(table, list, false);
    table->head->free_bytes -= units << MMS__UNIT_BITS;
    return 0;
}

/* ---- Taking ---- */

/* The first list from `list` on that has a block; MMS__LISTS: none has. */
static unsigned find_list(const struct mms_table *table, unsigned list)
{
    for (unsigned i = list >> 6; i < MMS__LIST_WORDS; i++) {
        uint64_t full = table->head->full[i];

        if (i == list >> 6)
            full &= UINT64_MAX << (list & 63);
        if (full != 0)
            return i * 64 + (unsigned)__builtin_ctzll(full);
    }
    return MMS__LISTS;
}

/* The first list whose blocks all have at least that many units. */
static unsigned sure_list(uint64_t units)
{
    unsigned list = mms__heap_list(units);

    if (units < MMS__SINGLE)
        return list;
    return mms__heap_list(units + (UINT64_C(1) << (63 - __builtin_clzll(units) - MMS__STEP_BITS)) - 1);
}

/* The first large enough block among the first few of a list; 0: none of them is. */
static uint64_t search(const struct mms_table *table, unsigned list, uint64_t units)
{
    uint64_t unit = table->head->lists[list];

    for (unsigned i = 0; unit != 0 && i < TRIES; i++) {
        uint64_t has = listed_units(table, unit);

        if (has == 0)
            return 0;
        if (has >= units)
            return unit;
        unit = mms__block(table, unit)->next;
    }
    return 0;
}

static uint64_t find_free(const struct mms_table *table, uint64_t units)
{
    unsigned own = mms__heap_list(units), sure;
    uint64_t unit = search(table, own, units);

    if (unit != 0)
        return unit;
    sure = find_list(table, sure_list(units));
    return sure < MMS__LISTS ? search(table, sure, units) : 0;
}

bool mms__heap_has_room(const struct mms_table *table, uint64_t units)
{
    return units <= (table->capacity >> MMS__UNIT_BITS) - end_of(table) || find_free(table, units) != 0;
}

/* How much room to get for a table of `size` bytes: a little more, so that no put takes long. An
   update that has added much already gets more at a time, and that in huge pages. */
static uint64_t room_for(const struct mms_table *table, uint64_t size)
{
    enum { LEAST = 4096, MOST = 64 << 10, STEP = 2 << 20, STEPS = 8 };
    uint64_t added = size > table->base_size ? size - table->base_size : 0, spare = size / 8;

    if (added >= (uint64_t)STEPS * STEP)
        return mms__round_up(size + LEAST, STEP);
    return size + (spare < LEAST ? LEAST : spare > MOST ? MOST : spare);
}

/* A table that is made in one update, and is no cache, may take all there is: it can be read then, if
   not changed. Any other leaves room for its next update. */
static bool leaves_room(const struct mms_table *table)
{
    return table->writer->backend->grow_next && (table->base_size > 0 || table->head->max_bytes > 0);
}

/* Room for the next update first: if there is none, this one has not taken any either. */
static int get_room(struct mms_table *table, uint64_t size, void **data)
{
    int code = leaves_room(table) ? table->writer->backend->grow_next(table->writer, (size_t)size) : 0;

    return code == 0 ? mms__writer_grow(table->writer, (size_t)size, data) : code;
}

/* More room than a put needs is worth having only where memory is left. */
static int try_to_get_room(struct mms_table *table, uint64_t wanted, void **data)
{
    bool before = table->writer->can_do_without;
    int code;

    table->writer->can_do_without = true;
    code = get_room(table, wanted, data);
    table->writer->can_do_without = before;
    return code;
}

static int grow(struct mms_table *table, uint64_t size)
{
    void *data = table->data;
    uint64_t wanted = room_for(table, size);
    int code;

    if (wanted > SIZE_MAX)
        return mms__table_fail_room(table, MMS_E_TOO_BIG, size);
    code = try_to_get_room(table, wanted, &data);
    if (code != 0) {
        wanted = size;
        code = get_room(table, wanted, &data);
    }
    if (code != 0)
        return mms__table_fail_room(table, code, size);
    table->capacity = wanted;
    table->data = data;
    table->head = data;
    table->now.data = data;
    return 0;
}

int mms__heap_provide(struct mms_table *table, uint64_t size)
{
    return size > table->capacity ? grow(table, size) : 0;
}

static void set_end(struct mms_table *table, uint64_t end)
{
    table->head->size = end << MMS__UNIT_BITS;
    table->now.size = table->head->size;
}

static int extend(struct mms_table *table, uint64_t units, uint64_t *unit)
{
    uint64_t end = end_of(table), size = (end + units) << MMS__UNIT_BITS;
    int code = mms__heap_provide(table, size);

    if (code != 0)
        return code;
    *unit = end;
    set_end(table, end + units);
    begin_block(table, end);
    return 0;
}

/* Cut a free block that was taken off its list to size. */
static int split(struct mms_table *table, uint64_t unit, uint64_t has, uint64_t *units)
{
    uint64_t rest = has - *units;
    int code = 0;

    if (rest >= MMS__BLOCK_FEWEST) {
        code = push(table, unit + *units, rest);
    } else {
        *units = has;
        set_after_free(table, unit + has, false);
    }
    begin_block(table, unit);
    return code;
}

int mms__heap_take(struct mms_table *table, uint64_t *units, uint64_t *unit)
{
    uint64_t has;
    int code;

    *unit = find_free(table, *units);
    if (*unit == 0)
        return extend(table, *units, unit);
    has = units_of(table, *unit);
    code = unlink_block(table, *unit, has);
    return code == 0 ? split(table, *unit, has, units) : code;
}

/* ---- Freeing ---- */

/* Join a block with the free block before it, if there is one. */
static int join_before(struct mms_table *table, uint64_t *unit, uint64_t *units)
{
    uint64_t before;

    if ((mms__block(table, *unit)->word & MMS__BLOCK_AFTER_FREE) == 0)
        return 0;
    before = *last_word(table, *unit);
    if (before >= *unit || listed_units(table, *unit - before) != before)
        return mms__table_damaged(table, "no free block before unit", *unit);
    *unit -= before;
    *units += before;
    return unlink_block(table, *unit, before);
}

static int join_after(struct mms_table *table, uint64_t unit, uint64_t *units)
{
    uint64_t next = unit + *units, after;

    if (next >= end_of(table) || !is_free(table, next))
        return 0;
    after = listed_units(table, next);
    if (after == 0)
        return mms__table_damaged(table, "a broken free block at unit", next);
    *units += after;
    return unlink_block(table, next, after);
}

int mms__heap_free(struct mms_table *table, uint64_t unit, uint64_t units)
{
    int code;

    if (unit < MMS__HEAD_UNITS || unit >= end_of(table) || units < MMS__BLOCK_FEWEST || units > end_of(table) - unit ||
        is_free(table, unit))
        return mms__table_damaged(table, "no block in use at unit", unit);
    code = join_before(table, &unit, &units);
    if (code == 0)
        code = join_after(table, unit, &units);
    if (code != 0)
        return code;
    if (unit + units == end_of(table)) {
        set_end(table, unit);
        return 0;
    }
    code = push(table, unit, units);
    if (code == 0)
        set_after_free(table, unit + units, true);
    return code;
}

int mms__heap_shrink(struct mms_table *table, uint64_t unit, uint64_t has, uint64_t units)
{
    if (has == units)
        return 0;
    begin_block(table, unit + units);
    return mms__heap_free(table, unit + units, has - units);
}

/* ---- Lines ---- */

/* The units from `unit` to the next line, leaving enough for a block, or nothing, in between. */
static uint64_t gap_at(uint64_t unit)
{
    uint64_t gap = (MMS__UNITS_PER_LINE - unit % MMS__UNITS_PER_LINE) % MMS__UNITS_PER_LINE;

    return gap == 1 ? gap + MMS__UNITS_PER_LINE : gap;
}

static int cut_gap(struct mms_table *table, uint64_t *unit, uint64_t *has)
{
    uint64_t gap = gap_at(*unit), start = *unit;

    if (gap == 0)
        return 0;
    begin_block(table, start + gap);
    begin_block(table, start);
    *unit += gap;
    *has -= gap;
    return mms__heap_free(table, start, gap);
}

int mms__heap_take_lines(struct mms_table *table, uint64_t units, uint64_t kind, uint64_t *unit)
{
    uint64_t has = units + MMS__LONGEST_GAP;
    int code = mms__heap_take(table, &has, unit);

    if (code == 0)
        code = cut_gap(table, unit, &has);
    if (code == 0 && has - units < MMS__BLOCK_FEWEST)
        units = has;
    if (code == 0)
        code = mms__heap_shrink(table, *unit, has, units);
    if (code == 0)
        mms__block_set(table, *unit, mms__block_word(units, kind));
    return code;
}
