/* SPDX-License-Identifier: Apache-2.0 */
/* usize and isize as keys, where archives have 32 bits for them: a key that does not fit is not found, and
   not taken for the one that its low bits are. In a BTreeMap it is above or below all others. */
#include "board.h"
#include "corpus.h"
#include "scratch.h"
#include "setters.h"
#include <stdlib.h>

#define OVER (UINT64_C(1) << 32)

static const ArchivedBoard *make(unsigned char **bytes)
{
    const ArchivedBoard *board;
    size_t size;

    *bytes = corpus_encode(&Board_archive, BOARD_JSON, &size);
    board = Board_check(*bytes, size);
    check_true(board != NULL);
    return board;
}

static void a_key_that_does_not_fit_is_not_found(void **state)
{
    unsigned char *bytes;
    const ArchivedBoard *board = make(&bytes);
    const int64_t far = -5 + (int64_t)OVER;

    (void)state;
    check_true(BTreeMap_usize_u8_get(&board->sizes, 5) != NULL);
    check_true(BTreeMap_usize_u8_get(&board->sizes, 5 + OVER) == NULL);
    check_true(BTreeMap_isize_u8_get(&board->shifts, -5) != NULL);
    check_true(BTreeMap_isize_u8_get(&board->shifts, far) == NULL);
    check_true(BTreeMap_isize_u8_get(&board->shifts, INT32_MIN - (int64_t)OVER) == NULL);
    check_true(HashMap_Area_u8_get(&board->areas, (Area){5, -5}) != NULL);
    check_true(HashMap_Area_u8_get(&board->areas, (Area){5 + OVER, -5}) == NULL);
    check_true(HashMap_Area_u8_get(&board->areas, (Area){5, far}) == NULL);
    check_true(HashMap_Height_u8_get(&board->heights, (Height){-5}) != NULL);
    check_true(HashMap_Height_u8_get(&board->heights, (Height){far}) == NULL);
    check_true(HashMap_Height_u8_get(&board->heights, (Height){5 - 2 * (int64_t)OVER}) == NULL);
    free(bytes);
}

static void it_is_beyond_all_others(void **state)
{
    unsigned char *bytes;
    const ArchivedBoard *board = make(&bytes);
    const ArchivedBTreeMap_isize_u8_entry *entry;
    mms_tree_cursor cursor;

    (void)state;
    check_true(BTreeMap_usize_u8_seek(&board->sizes, 6 + OVER, &cursor) == NULL);
    check_true(BTreeMap_isize_u8_seek(&board->shifts, 5 + (int64_t)OVER, &cursor) == NULL);
    entry = BTreeMap_isize_u8_seek(&board->shifts, 5 - 2 * (int64_t)OVER, &cursor);
    check_true(entry && entry->key == INT32_MIN);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_does_not_fit_is_not_found),
        cmocka_unit_test(it_is_beyond_all_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
