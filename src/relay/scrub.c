/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/now.h"
#include "relay/follow_report.h"
#include "relay/follower.h"

/* What is saved up in a busy time is not spent at once. */
#define SAVED_MOST_NS UINT64_C(1000000000)

/* How many blocks may be read now. */
static uint64_t spend(struct follower *follower)
{
    const uint64_t now = monotonic_ns();
    uint64_t elapsed = now - follower->scrub.ns, blocks;

    if (elapsed > SAVED_MOST_NS)
        elapsed = SAVED_MOST_NS;
    follower->scrub.ns = now;
    follower->scrub.allowance += (uint64_t)((double)elapsed / 1e9 * (double)follower->scrub_rate);
    blocks = follower->scrub.allowance / BLOCK_SIZE;
    follower->scrub.allowance %= BLOCK_SIZE;
    return blocks;
}

static uint64_t block_length(uint64_t size, uint64_t block)
{
    const uint64_t rest = size - block * BLOCK_SIZE;

    return rest < BLOCK_SIZE ? rest : BLOCK_SIZE;
}

/* Looks at so many blocks, going round. True: scrub.block is not what it was. */
static bool find_damage(struct follower *follower, const mms_view *view, uint64_t blocks)
{
    const uint64_t all = count_blocks(view->size);

    for (uint64_t i = 0; i < blocks && i < all; i++) {
        uint64_t *block = &follower->scrub.block;
        struct hash leaf;

        if (++*block >= all)
            *block = 0;
        leaf = hash_bytes((const char *)view->data + *block * BLOCK_SIZE, (size_t)block_length(view->size, *block));
        if (!hash_equal(&leaf, &tree_leaves(&follower->tree)[*block]))
            return true;
    }
    return false;
}

/* The update may begin with bytes that are right, or as wrong as those that are shown. In either
   case this block is copied to all slots that hold an older one. */
static enum step heal(struct follower *follower)
{
    const uint64_t offset = follower->scrub.block * BLOCK_SIZE, size = follower->at.size;
    const uint64_t length = block_length(size, follower->scrub.block);
    int code = target_reserve(&follower->target, size);

    if (code == 0)
        code = target_touch(&follower->target, offset, length);
    if (code != 0)
        return judge_target(follower, code, size);
    tree_mark(&follower->tree, offset, length);
    return rebuild(follower, REBUILD_DAMAGE, NULL, NULL);
}

/* After an update that was given up: hash what is shown, and it is not damaged if it has the root. */
static enum step settle_and_compare(struct follower *follower)
{
    enum step step = settle_tree(follower);
    struct hash root;

    if (step != STEP_OK)
        return step;
    root = tree_root(&follower->tree);
    return hash_equal(&root, &follower->at.root) ? STEP_OK : rebuild(follower, REBUILD_DAMAGE, NULL, NULL);
}

enum step scrub(struct follower *follower)
{
    mms_view view;
    uint64_t blocks;
    bool damaged;
    int code;

    if (follower->scrub_rate == 0 || !follower->at.known || follower->target.buffer)
        return STEP_OK;
    if (follower->tree_is_stale)
        return settle_and_compare(follower);
    blocks = spend(follower);
    if (blocks == 0)
        return STEP_OK;
    code = target_view(&follower->target, &view);
    if (code != 0)
        return judge_target(follower, code, 0);
    damaged = find_damage(follower, &view, blocks);
    code = target_view_end(&follower->target);
    return damaged && code == 0 ? heal(follower) : STEP_OK;
}
