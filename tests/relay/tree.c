/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of hashes over a value (relay/tree.c): after any sequence of changes, growth and
   shrinking it is the one that all of the bytes give, and it reads no more than was changed. */
#include "relay/tree.h"
#include "check.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- The root, straight from what tree.h says ---- */

static size_t hash_level(const struct hash *children, size_t count, struct hash *parents)
{
    size_t made = 0;

    for (size_t i = 0; i < count; i += TREE_FANOUT)
        parents[made++] =
            hash_bytes(children + i, (count - i < TREE_FANOUT ? count - i : TREE_FANOUT) * sizeof *children);
    return made;
}

static struct hash *straight_leaves(const unsigned char *data, uint64_t size)
{
    size_t count = (size_t)count_blocks(size);
    struct hash *leaves = calloc(count + 1, sizeof *leaves);

    assert_non_null(leaves);
    for (size_t i = 0; i < count; i++) {
        uint64_t rest = size - i * BLOCK_SIZE;

        leaves[i] = hash_bytes(data + i * BLOCK_SIZE, (size_t)(rest < BLOCK_SIZE ? rest : BLOCK_SIZE));
    }
    return leaves;
}

/* Turns the leaves into levels above them; the top is in level[0]. */
static struct hash straight_root(struct hash *level, uint64_t size)
{
    size_t count = (size_t)count_blocks(size);
    unsigned char text[24] = {0};

    if (count > 0)
        do
            count = hash_level(level, count, level);
        while (count > 1);
    memcpy(text, level, 16);
    for (unsigned i = 0; i < 8; i++)
        text[16 + i] = (unsigned char)(size >> 8 * i);
    return hash_bytes(text, sizeof text);
}

static void check_tree(const struct tree *tree, const unsigned char *data, uint64_t size)
{
    struct hash *leaves = straight_leaves(data, size);
    struct hash root = tree_root(tree), expected;

    check_equal(tree->size, size);
    if (size > 0)
        check_memory(tree_leaves(tree), leaves, count_blocks(size) * sizeof *leaves);
    expected = straight_root(leaves, size);
    check_memory(&root, &expected, sizeof root);
    free(leaves);
}

/* ---- Values ---- */

enum { MOST = 300 * 65536 + 5 };

static unsigned char *make_value(void)
{
    unsigned char *data = malloc(MOST);

    assert_non_null(data);
    for (size_t i = 0; i < MOST; i++)
        data[i] = (unsigned char)((uint32_t)i * 2654435761U >> 13);
    return data;
}

static void values_of_all_shapes_have_the_root_that_is_written_down(void **state)
{
    const uint64_t blocks[] = {0, 1, 2, 15, 16, 17, 255, 256, 257, 299};
    unsigned char *data = make_value();

    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        for (int tail = -1; tail <= 1; tail++) {
            uint64_t size = blocks[i] * BLOCK_SIZE + (uint64_t)(int64_t)tail;
            struct tree tree = {0};

            if (blocks[i] == 0 && tail < 0)
                continue;
            check_ok(tree_update(&tree, data, size));
            check_tree(&tree, data, size);
            tree_free(&tree);
        }
    free(data);
}

/* It is part of the format: hosts compare it with others, which may run another version. */
static void the_root_of_a_known_value_is_frozen(void **state)
{
    static const unsigned char expected_empty[16] = {0x10, 0xe4, 0x5c, 0x7c, 0xe2, 0x29, 0x23, 0x20,
                                                     0x74, 0x3d, 0xf9, 0x4e, 0xe4, 0xc7, 0x8a, 0x2a},
                               expected[16] = {0xa7, 0x74, 0x38, 0xba, 0xae, 0xd7, 0x80, 0x91,
                                               0x3d, 0x89, 0x2e, 0x47, 0xec, 0x6a, 0x49, 0xca};
    unsigned char *data = make_value();
    struct tree tree = {0};
    struct hash root = tree_root(&tree);

    (void)state;
    check_memory(&root, expected_empty, sizeof root);
    check_ok(tree_update(&tree, data, MOST));
    root = tree_root(&tree);
    check_memory(&root, expected, sizeof root);
    tree_free(&tree);
    free(data);
}

static void a_size_alone_makes_another_root(void **state)
{
    unsigned char *data = calloc(1, (size_t)BLOCK_SIZE);
    struct tree tree = {0};
    struct hash last = tree_root(&tree);

    (void)state;
    for (uint64_t size = 1; size < 20; size++) {
        struct hash root;

        check_ok(tree_update(&tree, data, size));
        root = tree_root(&tree);
        check_true(!hash_equal(&root, &last));
        last = root;
    }
    tree_free(&tree);
    free(data);
}

/* ---- Changes ---- */

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static uint64_t change_size(uint64_t *seed, uint64_t size)
{
    switch (next_random(seed) % 8) {
    case 0: return next_random(seed) % MOST;
    case 1: return 0;
    case 2: return size / 2;
    case 3: return next_random(seed) % 300 * BLOCK_SIZE;
    case 4: return next_random(seed) % 20 * BLOCK_SIZE; /* one level more or less */
    default: return size;
    }
}

/* What lies past the smaller size is as new as it is in a region: the old bytes may be there, or not. */
static void scramble(uint64_t *seed, unsigned char *data, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i += 1 + next_random(seed) % 4096)
        data[i] ^= (unsigned char)(1 + next_random(seed) % 255);
}

static void change_bytes(uint64_t *seed, struct tree *tree, unsigned char *data)
{
    for (uint64_t count = next_random(seed) % 8; count > 0 && tree->size > 0; count--) {
        uint64_t offset = next_random(seed) % tree->size, length = next_random(seed) % 200000;

        if (length > tree->size - offset)
            length = tree->size - offset;
        scramble(seed, data, offset, offset + length);
        tree_mark(tree, offset, length + next_random(seed) % 2 * MOST * (length == tree->size - offset));
    }
}

static void random_changes_growth_and_shrinking_are_followed(void **state)
{
    unsigned char *data = make_value();

    (void)state;
    for (uint64_t run = 1; run <= 8; run++) {
        uint64_t seed = run, size = 0;
        struct tree tree = {0};

        for (int i = 0; i < check_rounds(25); i++) {
            uint64_t before = size;

            change_bytes(&seed, &tree, data);
            size = change_size(&seed, size);
            scramble(&seed, data, before < size ? before : size, size);
            check_ok(tree_update(&tree, data, size));
            check_tree(&tree, data, size);
        }
        tree_free(&tree);
    }
    free(data);
}

/* Marks go up to the top, and with the size that may come to lie higher. */
static void a_mark_is_not_lost_when_a_level_is_added(void **state)
{
    const uint64_t sizes[][2] = {{1, 2}, {16, 17}, {16, 299}, {256, 257}, {1, 257}};
    unsigned char *data = make_value();

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct tree tree = {0};

        check_ok(tree_update(&tree, data, sizes[i][0] * BLOCK_SIZE));
        data[i] ^= 1;
        tree_mark(&tree, i, 1);
        check_ok(tree_update(&tree, data, sizes[i][1] * BLOCK_SIZE));
        check_tree(&tree, data, sizes[i][1] * BLOCK_SIZE);
        tree_free(&tree);
    }
    free(data);
}

static unsigned char *map_zeros(size_t size)
{
    unsigned char *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert_ptr_not_equal(data, MAP_FAILED);
    return data;
}

static void what_was_marked_and_cut_off_does_not_matter_later(void **state)
{
    const size_t kept = 3 * BLOCK_SIZE;
    unsigned char *data = map_zeros(MOST);
    struct tree tree = {0};

    (void)state;
    check_ok(tree_update(&tree, data, 299 * BLOCK_SIZE));
    tree_mark_all(&tree);
    assert_int_equal(mprotect(data + kept, MOST - kept, PROT_NONE), 0);
    check_ok(tree_update(&tree, data, kept));
    assert_int_equal(mprotect(data + kept, MOST - kept, PROT_READ), 0);
    check_tree(&tree, data, 3 * BLOCK_SIZE);
    check_ok(tree_update(&tree, data, 299 * BLOCK_SIZE));
    check_tree(&tree, data, 299 * BLOCK_SIZE);
    tree_mark(&tree, 299 * BLOCK_SIZE, 1); /* past the end */
    tree_mark(&tree, UINT64_MAX, UINT64_MAX);
    tree_mark(&tree, 0, 0);
    check_ok(tree_update(&tree, data, 299 * BLOCK_SIZE));
    check_tree(&tree, data, 299 * BLOCK_SIZE);
    tree_free(&tree);
    munmap(data, MOST);
}

static void a_change_that_is_not_marked_is_not_seen(void **state)
{
    unsigned char *data = make_value();
    struct tree tree = {0};
    struct hash before, after;

    (void)state;
    check_ok(tree_update(&tree, data, MOST));
    before = tree_root(&tree);
    data[MOST / 2] ^= 1;
    check_ok(tree_update(&tree, data, MOST));
    after = tree_root(&tree);
    check_true(hash_equal(&before, &after)); /* for it read nothing */
    tree_mark_all(&tree);
    check_ok(tree_update(&tree, data, MOST));
    check_tree(&tree, data, MOST);
    tree_free(&tree);
    free(data);
}

/* All pages but those of the marked block cannot be read: an update that looks at more dies. */
static void an_update_reads_the_marked_blocks_alone(void **state)
{
    const size_t size = 1024 * BLOCK_SIZE;
    unsigned char *data = map_zeros(size);
    struct tree tree = {0};

    (void)state;
    check_ok(tree_update(&tree, data, size));
    for (uint64_t block = 0; block < 1024; block += 93) {
        assert_int_equal(mprotect(data, size, PROT_NONE), 0);
        assert_int_equal(mprotect(data + block * BLOCK_SIZE, BLOCK_SIZE, PROT_READ | PROT_WRITE), 0);
        data[block * BLOCK_SIZE + block] = 7;
        tree_mark(&tree, block * BLOCK_SIZE + block, 1);
        check_ok(tree_update(&tree, data, size));
    }
    assert_int_equal(mprotect(data, size, PROT_READ), 0);
    check_tree(&tree, data, size);
    tree_free(&tree);
    munmap(data, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_all_shapes_have_the_root_that_is_written_down),
        cmocka_unit_test(the_root_of_a_known_value_is_frozen),
        cmocka_unit_test(a_size_alone_makes_another_root),
        cmocka_unit_test(random_changes_growth_and_shrinking_are_followed),
        cmocka_unit_test(a_mark_is_not_lost_when_a_level_is_added),
        cmocka_unit_test(what_was_marked_and_cut_off_does_not_matter_later),
        cmocka_unit_test(a_change_that_is_not_marked_is_not_seen),
        cmocka_unit_test(an_update_reads_the_marked_blocks_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
