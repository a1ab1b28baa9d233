/* SPDX-License-Identifier: Apache-2.0 */
/* The inline functions of the protocol, single-threaded: the atomics are wrapped, so that a
   test can let the other side move before any load and see every announcement. Orderings are
   for the models and for ThreadSanitizer. */
#include <mmsync/atomic.h>

static void before_load(const volatile void *word);
static void before_store(const volatile void *word, uint64_t value);
static void before_cas(void *word);

#undef mms__load_acquire
#undef mms__load_relaxed
#undef mms__store_release
#undef mms__cas_seq_cst
#define mms__load_acquire(p) (before_load(p), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define mms__load_relaxed(p) (before_load(p), __atomic_load_n((p), __ATOMIC_RELAXED))
#define mms__store_release(p, v) (before_store((p), (v)), __atomic_store_n((p), (v), __ATOMIC_RELEASE))
#define mms__cas_seq_cst(p, expected, desired) \
    (before_cas(p), __atomic_compare_exchange_n((p), (expected), (desired), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))

#include "check.h"
#include "region/protocol.h"
#include <string.h>

static mms__word current, announce;

static struct {
    unsigned loads;              /* of `current` */
    void (*move)(unsigned load); /* called before each */
    uint64_t announced[64];
    unsigned announcements;
    void (*look)(const volatile void *word);  /* called before any load */
    void (*store)(const volatile void *word); /* called before any store */
    void (*change)(void *word);               /* called before any compare-and-swap */
} seen;

static void before_load(const volatile void *word)
{
    if (seen.look)
        seen.look(word);
    if (word == &current && seen.move)
        seen.move(seen.loads);
    seen.loads += word == &current;
}

static void before_store(const volatile void *word, uint64_t value)
{
    if (seen.store)
        seen.store(word);
    if (word == &announce)
        seen.announced[seen.announcements++ % 64] = value;
}

static void before_cas(void *word)
{
    if (seen.change)
        seen.change(word);
}

static uint64_t make_word(uint64_t generation, unsigned slot)
{
    return generation << MMS__SLOT_BITS | slot;
}

static int reset(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    current = make_word(100, 3);
    announce = MMS__IDLE;
    return 0;
}

/* ---- Pinning ---- */

static void unmoved_current_is_pinned_with_one_store_and_one_load(void **state)
{
    (void)state;
    for (int symmetric = 0; symmetric < 2; symmetric++) {
        reset(state);
        check_equal(mms__pin(&announce, &current, current, symmetric), make_word(100, 3));
        check_equal(announce, 100 << 2 | MMS__EXACT);
        check_equal(seen.announcements, 1);
        check_equal(seen.loads, 1);
    }
}

static unsigned moves_left;

static void move_some_times(unsigned load)
{
    (void)load;
    if (moves_left > 0) {
        moves_left--;
        current = make_word(mms__word_generation(current) + 1, 5);
    }
}

static void current_that_moves_a_few_times_is_followed(void **state)
{
    (void)state;
    for (unsigned moves = 1; moves < MMS__PIN_TRIES; moves++) {
        uint64_t word;

        reset(state);
        moves_left = moves;
        seen.move = move_some_times;
        word = mms__pin(&announce, &current, current, true);
        check_equal(word, current);
        check_equal(announce, mms__exact(current));
        check_equal(seen.announcements, moves + 1);
    }
}

static void move_always(unsigned load)
{
    (void)load;
    current = make_word(mms__word_generation(current) + 1, 6);
}

static void current_that_moves_for_ever_is_pinned_in_bounded_steps(void **state)
{
    uint64_t word;

    (void)state;
    seen.move = move_always;
    word = mms__pin(&announce, &current, current, true);
    check_equal(word, current);
    check_equal(announce, mms__exact(word));
    check_equal(seen.loads, MMS__PIN_TRIES + 1);
    check_equal(seen.announcements, MMS__PIN_TRIES + 2);
}

static void last_look_is_made_under_from_which_covers_what_it_finds(void **state)
{
    uint64_t from;

    (void)state;
    seen.move = move_always;
    mms__pin(&announce, &current, current, false);
    from = seen.announced[MMS__PIN_TRIES];
    check_equal(from & MMS__TAG_MASK, MMS__FROM);
    check_true(from >> 2 <= mms__word_generation(current));
    check_equal(seen.announced[MMS__PIN_TRIES + 1], mms__exact(current));
}

static uint64_t ending;

static void end_at_third(unsigned load)
{
    current = load == 2 ? ending : load < 2 ? make_word(mms__word_generation(current) + 1, 6) : current;
}

static void end_at_last(unsigned load)
{
    current = load == MMS__PIN_TRIES ? ending : make_word(mms__word_generation(current) + 1, 6);
}

static void region_that_goes_meanwhile_leaves_the_line_idle(void **state)
{
    const uint64_t endings[] = {0, MMS__TOMBSTONE};

    (void)state;
    for (int i = 0; i < 4; i++) {
        reset(state);
        ending = endings[i % 2];
        seen.move = i < 2 ? end_at_third : end_at_last;
        check_equal(mms__pin(&announce, &current, current, true), ending);
        check_equal(announce, MMS__IDLE);
    }
}

static void nothing_to_pin_is_never_announced(void **state)
{
    (void)state;
    check_equal(mms__pin(&announce, &current, 0, true), 0);
    check_equal(mms__pin(&announce, &current, MMS__TOMBSTONE, true), MMS__TOMBSTONE);
    check_equal(announce, MMS__IDLE);
}

static void view_is_whole_while_current_or_while_its_slot_is_untaken(void **state)
{
    mms__word slot_generation = 100;

    (void)state;
    check_true(mms__still_whole(&current, &slot_generation, make_word(100, 3)));
    current = make_word(101, 4);
    check_true(mms__still_whole(&current, &slot_generation, make_word(100, 3)));
    slot_generation = 102;
    check_true(!mms__still_whole(&current, &slot_generation, make_word(100, 3)));
}

/* ---- Lines ---- */

static struct mms__cover read_line(uint32_t owner, uint32_t mode, uint64_t announced, bool can_membarrier)
{
    const struct mms__line line = {.announce = announced, .owner = owner, .mode = mode};

    return mms__line_read(&line, 10, can_membarrier);
}

static void each_tag_covers_what_it_says(void **state)
{
    struct mms__cover exact = read_line(1, MMS__SYMMETRIC, 50 << 2 | MMS__EXACT, true);
    struct mms__cover from = read_line(1, MMS__SYMMETRIC, 50 << 2 | MMS__FROM, true);
    struct mms__cover idle = read_line(1, MMS__SYMMETRIC, MMS__IDLE, true);

    (void)state;
    check_true(!mms__covers(exact, 49) && mms__covers(exact, 50) && !mms__covers(exact, 51));
    check_true(!mms__covers(from, 49) && mms__covers(from, 50) && mms__covers(from, UINT64_MAX >> 16));
    check_true(!mms__covers(idle, 0) && !mms__covers(idle, 50));
}

static void unknown_tag_covers_nothing(void **state)
{
    (void)state;
    check_equal(read_line(1, MMS__SYMMETRIC, 50 << 2 | 3, true).kind, MMS__COVERS_NOTHING);
}

static void asymmetric_lines_are_believed_if_membarrier_reached_them(void **state)
{
    (void)state;
    check_equal(read_line(1, MMS__ASYMMETRIC, 50 << 2 | MMS__EXACT, true).kind, MMS__COVERS_EXACT);
    check_equal(read_line(1, MMS__ASYMMETRIC, 50 << 2 | MMS__FROM, true).kind, MMS__COVERS_FROM);
    check_equal(read_line(1, MMS__ASYMMETRIC, MMS__IDLE, true).kind, MMS__COVERS_NOTHING);
}

static void asymmetric_lines_cover_everything_without_membarrier_even_idle(void **state)
{
    const uint64_t announced[] = {MMS__IDLE, 50 << 2 | MMS__EXACT, 50 << 2 | MMS__FROM};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct mms__cover cover = read_line(1, MMS__ASYMMETRIC, announced[i], false);

        check_equal(cover.kind, MMS__COVERS_ALL);
        check_true(mms__covers(cover, 1) && mms__covers(cover, 49) && mms__covers(cover, 1000));
    }
    check_equal(read_line(1, MMS__SYMMETRIC, MMS__IDLE, false).kind, MMS__COVERS_NOTHING);
}

static void lines_that_belong_to_nobody_cover_nothing(void **state)
{
    const uint32_t nobody[] = {0, 11, UINT32_MAX};

    (void)state;
    for (int i = 0; i < 3; i++) {
        check_equal(read_line(nobody[i], MMS__SYMMETRIC, 50 << 2 | MMS__FROM, true).kind, MMS__COVERS_NOTHING);
        check_equal(read_line(nobody[i], MMS__ASYMMETRIC, 50 << 2 | MMS__FROM, false).kind, MMS__COVERS_NOTHING);
    }
}

static void last_owner_counts(void **state)
{
    (void)state;
    check_equal(read_line(10, MMS__SYMMETRIC, 50 << 2 | MMS__EXACT, true).kind, MMS__COVERS_EXACT);
}

/* Only a reboot takes generations beyond 32 bits. */
static void every_bit_of_a_generation_is_announced_and_covered(void **state)
{
    const uint64_t high[] = {UINT64_C(1) << 32, (UINT64_C(1) << 32) + 5, UINT64_C(1) << 47, MMS__GENERATION_MAX};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct mms__cover exact = read_line(1, MMS__SYMMETRIC, mms__exact(make_word(high[i], 3)), true);
        struct mms__cover from = read_line(1, MMS__SYMMETRIC, mms__from(make_word(high[i], 3)), true);

        check_true(exact.kind == MMS__COVERS_EXACT && exact.generation == high[i] && mms__covers(exact, high[i]));
        check_true(from.kind == MMS__COVERS_FROM && from.generation == high[i] && mms__covers(from, high[i]));
        for (unsigned bit = 0; bit < 48; bit++)
            check_true(!mms__covers(exact, high[i] ^ UINT64_C(1) << bit));
        check_true(!mms__covers(from, high[i] - 1));
    }
}

static void line_is_claimed_once(void **state)
{
    struct mms__line line = {0};
    uint32_t mark = 0;

    (void)state;
    check_true(mms__line_claim(&line, &mark, 4, 7, MMS__ASYMMETRIC, MMS__ALLOW_EVICT));
    check_equal(line.owner, 7);
    check_equal(line.mode, MMS__ASYMMETRIC);
    check_equal(line.flags, MMS__ALLOW_EVICT);
    check_equal(mark, 5);
    check_true(!mms__line_claim(&line, &mark, 4, 8, MMS__SYMMETRIC, 0));
    check_equal(line.owner, 7);
    check_equal(line.mode, MMS__ASYMMETRIC);
}

static void high_water_mark_never_falls(void **state)
{
    struct mms__line line = {0};
    uint32_t mark = 9;

    (void)state;
    check_true(mms__line_claim(&line, &mark, 4, 7, MMS__SYMMETRIC, 0));
    check_equal(mark, 9);
}

static struct mms__line cleared;

static void check_idle_before_free(const volatile void *word)
{
    if (word == &cleared.owner)
        check_equal(cleared.announce, MMS__IDLE);
}

/* In this order: the next owner may announce as soon as the line is free, and nothing is stored over that. */
static void cleared_line_is_idle_before_it_is_free(void **state)
{
    (void)state;
    cleared = (struct mms__line){.announce = 50 << 2 | MMS__EXACT, .owner = 3};
    seen.store = check_idle_before_free;
    mms__line_clear(&cleared);
    check_equal(cleared.announce, MMS__IDLE);
    check_equal(cleared.owner, 0);
}

/* ---- Writing and waiting ---- */

static void taken_slot_has_the_new_generation_and_published_word_both_parts(void **state)
{
    struct mms__descriptor slot = {.generation = 5};

    (void)state;
    mms__slot_take(&slot, 6);
    check_equal(slot.generation, 6);
    mms__publish(&current, 6, 2);
    check_equal(current, make_word(6, 2));
    mms__publish(&current, MMS__GENERATION_MAX, 32766);
    check_true(mms__word_pinnable(current));
    check_equal(mms__word_generation(current), MMS__GENERATION_MAX);
    check_equal(mms__word_slot(current), 32766);
}

static void nudge_changes_the_word_and_neither_generation_nor_slot(void **state)
{
    uint64_t before;

    (void)state;
    mms__publish(&current, 6, 2);
    before = current;
    mms__nudge(&current);
    check_true(current != before);
    check_equal(mms__word_generation(current), 6);
    check_equal(mms__word_slot(current), 2);
    mms__nudge(&current); /* of the next writer: does not go back */
    check_true(current != before);
    current = MMS__TOMBSTONE;
    mms__nudge(&current);
    check_equal(current, MMS__TOMBSTONE);
    current = 0;
    mms__nudge(&current);
    check_equal(current, 0);
}

static uint32_t wake, waiting;

static void flag_is_set_when_current_is_loaded(const volatile void *word)
{
    if (word == &current)
        check_equal(waiting, 1);
}

static void flag_is_cleared_when_wake_changes(const volatile void *word)
{
    if (word == &wake)
        check_equal(waiting, 0);
}

static void waiter_looks_at_current_after_it_has_set_its_flag(void **state)
{
    (void)state;
    waiting = 0;
    seen.look = flag_is_set_when_current_is_loaded;
    check_equal(mms__wait_arm(&waiting, &current), make_word(100, 3));
    check_equal(seen.loads, 1);
    check_equal(waiting, 1);
}

static void publish_wakes_once_for_each_time_somebody_waits(void **state)
{
    (void)state;
    seen.look = flag_is_cleared_when_wake_changes;
    wake = UINT32_MAX;
    waiting = 1;
    check_true(mms__wake_due(&wake, &waiting));
    check_equal(waiting, 0);
    check_equal(wake, 0); /* changed, and wrapped */
    check_true(!mms__wake_due(&wake, &waiting));
    check_equal(wake, 0); /* nobody waits: not touched */
}

static void flag_counts_up_to_many_and_never_becomes_0(void **state)
{
    (void)state;
    waiting = 0;
    for (uint32_t i = 1; i < MMS__MANY; i++) {
        (void)mms__wait_arm(&waiting, &current);
        check_true(!mms__many_wait(&waiting));
    }
    for (int i = 0; i < 2; i++) {
        (void)mms__wait_arm(&waiting, &current);
        check_true(mms__many_wait(&waiting));
    }
    waiting = UINT32_MAX; /* scribbled over */
    (void)mms__wait_arm(&waiting, &current);
    check_equal(waiting, MMS__MANY);
}

static void relay_stays_open_until_a_wake_is_over(void **state)
{
    uint32_t relay = 0, first, second;

    (void)state;
    check_equal(mms__relay_take(&relay, true), 0);
    mms__relay_open(&relay, UINT32_MAX);
    first = mms__relay_take(&relay, false);
    check_true(first != 0 && relay != 0);
    second = mms__relay_take(&relay, false);
    check_true(second != 0 && relay != 0);
    while (mms__relay_take(&relay, false) != 0) /* the number of turns is limited */
        continue;
    check_true(relay != 0);
    check_true(mms__relay_take(&relay, true) != 0); /* they may all have died */
    mms__relay_end(&relay, second);
    check_equal(relay, 0);
}

static void end_of_a_relay_leaves_that_of_a_later_publish(void **state)
{
    uint32_t relay = 0, taken;

    (void)state;
    mms__relay_open(&relay, 7);
    taken = mms__relay_take(&relay, false);
    mms__relay_open(&relay, 8);
    mms__relay_end(&relay, taken);
    check_true(relay != 0);
    check_true(mms__relay_take(&relay, false) != 0);
}

static void take_first(void *relay)
{
    seen.change = NULL;
    check_true(mms__relay_take(relay, false) != 0);
}

static void publish_first(void *relay)
{
    seen.change = NULL;
    mms__relay_open(relay, 9);
}

/* Between its load and its compare-and-swap the other one wakes all, or a later publish wakes the
   next one. */
static void turn_that_another_one_takes_first_is_no_turn(void **state)
{
    void (*const changes[])(void *relay) = {take_first, publish_first};

    (void)state;
    for (int i = 0; i < 2; i++) {
        uint32_t relay = 0, fresh = 0;

        mms__relay_open(&relay, 8);
        mms__relay_open(&fresh, i == 0 ? 8 : 9);
        if (i == 0)
            check_true(mms__relay_take(&fresh, false) != 0);
        seen.change = changes[i];
        check_equal(mms__relay_take(&relay, false), 0);
        check_true(!seen.change);
        check_equal(relay, fresh); /* what the other one stored stays */
    }
}

/* What a damaged descriptor may contain. */
static void sizes_that_overflow_fit_no_slot(void **state)
{
    (void)state;
    check_true(mms__schema_fits(64, 64, 128) && mms__schema_fits(65, 0, 128));
    check_true(!mms__schema_fits(64, 65, 128) && !mms__schema_fits(65, 1, 128));
    check_true(!mms__schema_fits(UINT64_MAX, 0, UINT64_MAX));
    check_true(!mms__schema_fits(UINT64_MAX - 62, 0, UINT64_MAX));
    check_true(!mms__schema_fits(64, UINT64_MAX, UINT64_MAX));
    check_true(!mms__schema_fits(64, UINT64_MAX - 63, UINT64_MAX));
    check_true(mms__schema_fits(64, UINT64_MAX - 64, UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(unmoved_current_is_pinned_with_one_store_and_one_load, reset),
        cmocka_unit_test_setup(current_that_moves_a_few_times_is_followed, reset),
        cmocka_unit_test_setup(current_that_moves_for_ever_is_pinned_in_bounded_steps, reset),
        cmocka_unit_test_setup(last_look_is_made_under_from_which_covers_what_it_finds, reset),
        cmocka_unit_test_setup(region_that_goes_meanwhile_leaves_the_line_idle, reset),
        cmocka_unit_test_setup(nothing_to_pin_is_never_announced, reset),
        cmocka_unit_test_setup(view_is_whole_while_current_or_while_its_slot_is_untaken, reset),
        cmocka_unit_test_setup(each_tag_covers_what_it_says, reset),
        cmocka_unit_test_setup(unknown_tag_covers_nothing, reset),
        cmocka_unit_test_setup(asymmetric_lines_are_believed_if_membarrier_reached_them, reset),
        cmocka_unit_test_setup(asymmetric_lines_cover_everything_without_membarrier_even_idle, reset),
        cmocka_unit_test_setup(lines_that_belong_to_nobody_cover_nothing, reset),
        cmocka_unit_test_setup(last_owner_counts, reset),
        cmocka_unit_test_setup(every_bit_of_a_generation_is_announced_and_covered, reset),
        cmocka_unit_test_setup(line_is_claimed_once, reset),
        cmocka_unit_test_setup(high_water_mark_never_falls, reset),
        cmocka_unit_test_setup(cleared_line_is_idle_before_it_is_free, reset),
        cmocka_unit_test_setup(taken_slot_has_the_new_generation_and_published_word_both_parts, reset),
        cmocka_unit_test_setup(nudge_changes_the_word_and_neither_generation_nor_slot, reset),
        cmocka_unit_test_setup(waiter_looks_at_current_after_it_has_set_its_flag, reset),
        cmocka_unit_test_setup(publish_wakes_once_for_each_time_somebody_waits, reset),
        cmocka_unit_test_setup(flag_counts_up_to_many_and_never_becomes_0, reset),
        cmocka_unit_test_setup(relay_stays_open_until_a_wake_is_over, reset),
        cmocka_unit_test_setup(end_of_a_relay_leaves_that_of_a_later_publish, reset),
        cmocka_unit_test_setup(turn_that_another_one_takes_first_is_no_turn, reset),
        cmocka_unit_test_setup(sizes_that_overflow_fit_no_slot, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
