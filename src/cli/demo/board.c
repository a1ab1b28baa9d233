/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/board.h"
#include "cli/message.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t board_magic = UINT64_C(0x6d6d7364656d6f01) + sizeof(struct board);

static struct board *map_board(int descriptor)
{
    void *map = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

    if (map != MAP_FAILED)
        return map;
    fail_errno("demo: cannot map the memory that its processes share");
    return NULL;
}

struct board *board_create(int *descriptor)
{
    struct board *board;

    *descriptor = memfd_create("mmsync-demo", MFD_CLOEXEC);
    if (*descriptor < 0 || ftruncate(*descriptor, sizeof(struct board))) {
        fail_errno("demo: out of memory for what its processes share");
        return NULL;
    }
    board = map_board(*descriptor);
    if (!board)
        return NULL;
    board->magic = board_magic;
    board->conductor = getpid();
    put(&board->outage, UINT64_MAX);
    return board;
}

struct board *board_open(int descriptor)
{
    struct stat status;
    struct board *board;

    if (fstat(descriptor, &status) || status.st_size != sizeof(struct board)) {
        fail("demo: --role is for processes that the demo starts itself");
        return NULL;
    }
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    board = map_board(descriptor);
    if (board && board->magic != board_magic) {
        fail("demo: --role is for processes that the demo starts itself");
        return NULL;
    }
    return board;
}

int board_data(const struct board *board, struct data_set *set)
{
    int code = data_load(board->kind, board->data, set);

    if (!code && set->digest != board->digest)
        return fail("demo: %s has changed since the demo was started", board->data);
    return code;
}
