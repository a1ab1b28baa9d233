/* SPDX-License-Identifier: Apache-2.0 */
/* A writer publishes updates, whose records overwrite old ones, while a reader asks what has
   changed. The answer leaves out nothing that has changed, or says that this is no longer known.
   G12. Compiled as they are: changes.c, range_set.c, changed.c, the part of changes_file.c that
   reads the ring, recording.c, and the commit in update.c and writer.c, from the record to the publish. Values
   have no bytes here, only a word that says which value each was made from; generation N has
   changed byte 16 * N. With -DDIES the writer is killed anywhere, and the next one goes on; with
   -DEVICTS the view may be taken away, which is no damage. With -DRENEWS=1 the writer makes the file
   anew before it publishes, as it does when the file is to grow; with -DRENEWS=2 the file was lost before
   the writer came, which makes an empty one. The names in the directory are a shared word. */
#define ATOMIC_DATA
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef PUBLISHES
#define PUBLISHES 2
#endif
#ifndef DIES
#define DIES 0
#endif
#ifndef HOLDS
#define HOLDS 0 /* the reader has its view before the writers begin */
#endif
#ifndef EVICTS
#define EVICTS 0
#endif
#ifndef RENEWS
#define RENEWS 0
#endif
#define LINES 1
#define WORDS 1
#include "scenario.h"

/* The ring is the smallest in which a record may have a range. Before it begins, it is full: of
   the records of generations 2 and 3, and of two between them that lead nowhere. */
enum { RING = 256, RECORD = sizeof(struct mms__record) + sizeof(mms_range) };
enum { SINCE = 1, MOST = 16, BIG = 1 << 12 };

struct file {
    struct mms__changes fixed;
    mms__word ring[RING / sizeof(mms__word)];
} __attribute__((aligned(128)));

/* Number 1 is made by the writer. */
static struct file changes_file, new_file;

#define CHANGES (&changes_file.fixed)

/* ---- What the kernel does ---- */

enum { DESCRIPTOR = 100 };

/* Which file is called `changes`. Who opens a file sees what its maker has stored before the rename: the kernel takes the
   same locks for both. */
static mms__word named;

static struct file *file_of(int fd)
{
    return fd == DESCRIPTOR ? &changes_file : &new_file;
}

int mms__file_open(int directory, const char *name, int flags, mode_t mode, struct mms__file *file)
{
    int number = flags & O_CREAT ? 1 : (int)mms__load_acquire(&named);

    *file = (struct mms__file){.fd = DESCRIPTOR + number, .inode = (ino_t)number};
    return 0;
}

bool mms__place_leads_elsewhere(const struct mms__place *place, const char *suffix, const struct mms__file *file)
{
    return mms__load_acquire(&named) != file->inode;
}

static int rename_new(void)
{
    mms__store_release(&named, 1);
    return 0;
}

static struct mms__header region_header, file_header;

int mms__write_at(int fd, const void *from, size_t size, uint64_t offset)
{
    const struct mms__changes *start = from;
    struct mms__changes *file = &file_of(fd)->fixed;

    mms__store_relaxed(&file->head, start->head);
    mms__store_relaxed(&file->tail, start->tail);
    mms__store_relaxed(&file->ring_size, start->ring_size);
    return 0;
}

int mms__read_at(int fd, void *to, size_t size, uint64_t offset)
{
    struct mms__changes *start = to;

    start->header = file_header;
    start->ring_size = mms__load_relaxed(&file_of(fd)->fixed.ring_size);
    return 0;
}

static int stat_file(int fd, struct stat *status)
{
    memset(status, 0, sizeof *status);
    status->st_size = (off_t)(sizeof(struct mms__changes) + mms__load_relaxed(&file_of(fd)->fixed.ring_size));
    return 0;
}

int mms__map_file(int fd, size_t size, int protection, bool private_to_process, struct mms__mapping *mapping)
{
    *mapping = (struct mms__mapping){file_of(fd), size};
    return 0;
}

void mms__unmap(struct mms__mapping *mapping)
{
    (void)mapping;
}

int mms__set_length(int fd, uint64_t size)
{
    return 0;
}

int mms__reserve_file(const struct mms__place *place, int fd, uint64_t size)
{
    return 0;
}

void mms__header_seal(struct mms__header *header, const char *magic)
{
    memcpy(header->magic, magic, sizeof header->magic);
}

/* Names that others use too. */
#define make_room make_room_in_set
#include "region/range_set.c"
#undef make_room
static char memory[2][1024] __attribute__((aligned(16))); /* a reader opens the file once, or twice */
#define malloc(size) ((void)(size), (void *)memory[newest ? 1 : 0])
#define free(memory) ((void)(memory))
#include "region/changed.c"
#undef malloc
#undef free
#include "region/changes.c"
#define fstat(fd, status) stat_file(fd, status)
#define fchmod(fd, mode) 0
#define fchown(fd, uid, gid) 0
#define unlinkat(directory, name, flags) 0
#define renameat2(from, old, to, new, flags) rename_new()
#define MMS__SHORTEST_RING RING
#include "region/changes_file.c"
#undef fstat
#undef fchmod
#undef fchown
#undef unlinkat
#undef renameat2
#include "region/recording.c"
#include "region/update.c"
#define check_size check_size_to_write
#define describe describe_to_write
#define forked(member) writer_forked(member)
#include "region/writer.c"

/* Nothing is tracked: changes are touched. */
int mms__tracking_open(struct mms__tracking *tracking, const struct mms__tracked *tracked)
{
    return MMS_E_INVALID;
}

int mms__tracking_begin(struct mms__tracking *tracking, const struct mms__tracked *tracked, const unsigned char *slot,
                        uint64_t size)
{
    return MMS_E_INVALID;
}

void mms__tracking_collect(struct mms__tracking *tracking, const unsigned char *value, const unsigned char *slot,
                           uint64_t size, struct mms__range_set *changes)
{
    changes->everything = true;
}

/* There is no schema, and no checksum. */
int mms__room_grow(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace, bool optional)
{
    return MMS_E_TOO_BIG;
}

uint64_t mms__checksum(const void *data, size_t size)
{
    return 0;
}

void mms__futex_wake_all(uint32_t *word)
{
    (void)word;
}

bool mms__futex_wake_one(uint32_t *word)
{
    (void)word;
    return false;
}

static bool membarrier_is_refused(void)
{
    return true;
}

/* ---- Writer ---- */

struct updater {
    struct writer writer;
    struct mms__native_writer handle;
    struct mms__update update;
    mms_range room[2 * MOST];
};

static uint64_t size_of(uint64_t generation)
{
    return 1000 + generation;
}

static void updater_open(struct updater *updater)
{
    struct mms__native_writer *handle = &updater->handle;

    writer_open(&updater->writer, false);
    updater->writer.pool.header.max_size = BIG;
    updater->writer.evicts = EVICTS;
    memset(handle, 0, sizeof *handle);
    handle->control = CONTROL;
    handle->pool = updater->writer.pool;
    handle->readers_map.base = READERS;
    handle->front.updating = true;
    handle->update = &updater->update;
    updater->update = (struct mms__update){
        .recording.ring = {.shared = &file_of(DESCRIPTOR + (int)mms__load_acquire(&named))->fixed, .size = RING},
        .touches = {.ranges = updater->room, .capacity = MOST},
    };
    if (RENEWS != 2)
        straighten(&updater->update.recording.ring, &(struct mms__positions){used_positions(handle).highest, 0});
}

/* As mms__ring_renew, and mms__ring_provide where the file is lost. */
static void updater_renew(struct updater *updater)
{
    const struct mms__place place = {.path = "/changes"};
    const struct stat like = {.st_mode = 0600};
    struct mms__ring *ring = &updater->update.recording.ring, old = *ring;
    struct wanted wanted = {&region_header, RING, {0, 0}, &old, ring};

    if (RENEWS == 2) {
        wanted.used = used_positions(&updater->handle);
        wanted.old = NULL;
    }
    CHECK(make(&place, &like, &wanted, 0) == 0);
}

/* False if readers hold everything. */
static bool updater_write(struct updater *updater)
{
    struct mms__native_writer *handle = &updater->handle;
    uint64_t generation;

    if (!writer_take(&updater->writer, &handle->slot))
        return false;
    handle->pool = updater->writer.pool;
    CHECK(find_base(handle) == 0);
    generation = handle->pool.slots[handle->slot].generation;
    DATA_STORE(data_file[handle->slot][0], base_generation(handle));
    mms__range_set_clear(&updater->update.touches);
    mms__range_set_add(&updater->update.touches, 16 * generation, 1);
    finish_build(handle, (size_t)size_of(generation), NULL);
    return true;
}

static void lay_out_changes(void)
{
    struct updater updater;

    NAME(changes_file.fixed.head);
    NAME(changes_file.fixed.tail);
    NAME(changes_file.ring);
    NAME(new_file.fixed.head);
    NAME(new_file.fixed.tail);
    NAME(new_file.ring);
    NAME(named);
    mms__store_relaxed(&CHANGES->ring_size, RING);
    mms__store_relaxed(&CONTROL->slots[0].size, size_of(1));
    mms__store_relaxed(&CHANGES->head, RING);
    mms__store_relaxed(&CHANGES->tail, RING);
    updater_open(&updater);
    CHECK(updater_write(&updater));
    if (!RENEWS) { /* else there is one record, which is enough to carry over */
        mms__store_relaxed(&CHANGES->head, RING + 3 * RECORD);
        CHECK(updater_write(&updater));
    }
    mms__store_relaxed(&CONTROL->changes_end, RENEWS == 2 ? mms__load_relaxed(&CHANGES->head) : 16 * RING);
}

static pthread_mutex_t writer_lock = PTHREAD_MUTEX_INITIALIZER;

static void *update_some(void *unused)
{
    struct updater updater;

    pthread_mutex_lock(&writer_lock);
    updater_open(&updater);
    if (DIES)
        MAY_DIE();
    if (RENEWS)
        updater_renew(&updater);
    for (int i = 0; i < PUBLISHES; i++)
        (void)updater_write(&updater);
    pthread_mutex_unlock(&writer_lock);
    return unused;
}

static void *take_over(void *unused)
{
    struct updater updater;

    pthread_mutex_lock(&writer_lock);
    updater_open(&updater);
    for (int i = 0; i < PUBLISHES; i++)
        (void)updater_write(&updater);
    pthread_mutex_unlock(&writer_lock);
    return unused;
}

/* ---- Reader ---- */

struct answer {
    uint64_t since;
    struct mms__range_set set;
    mms_range room[2 * MOST];
    int code;
};

static void ask(struct mms_reader *reader, uint64_t since, struct answer *answer)
{
    memset(answer, 0, sizeof *answer);
    answer->since = since;
    answer->set.ranges = answer->room;
    answer->set.capacity = MOST;
    answer->code = collect(reader, since, &answer->set);
}

/* The set holds exactly what has changed. Once a view was taken away, even its size may be another
   value's: then the only promise is that nothing is called damaged. */
static void check_answer(const struct answer *answer, uint64_t generation, uint64_t previous, int end)
{
    const struct mms__range_set *set = &answer->set;
    size_t i = set->count - 1;

    CHECK(answer->code == 0 || answer->code == MMS_E_FORGOTTEN ||
          (answer->code == MMS_E_CORRUPT && end == MMS_E_EVICTED)); /* mms_changes looks, and says so */
    if (answer->code != 0 || end != 0)
        return;
    CHECK(set->ranges[i].offset == size_of(answer->since));
    CHECK(end_of(&set->ranges[i]) == size_of(generation));
    for (uint64_t g = generation; g > answer->since; g = g == generation ? previous : g - 1) {
        CHECK(i > 0);
        i--;
        CHECK(set->ranges[i].offset == 16 * g && set->ranges[i].length == 1);
    }
    CHECK(i == 0);
}

/* The word of a view that may be taken away cannot be relied on; but there no writer dies, and all
   values follow one another. */
static uint64_t previous_of(const mms_view *view)
{
    return EVICTS ? view->generation - 1 : DATA_LOAD(*(uint64_t *)(uintptr_t)view->data);
}

static void *ask_some(void *reader)
{
    struct answer all, last;
    mms_view view;
    uint64_t previous;
    int end;

    if (HOLDS)
        mms__fill_view(reader, &view);
    else
        CHECK(mms_read(reader, &view) == 0);
    previous = previous_of(&view);
    ask(reader, SINCE, &all);
    if (HOLDS) /* what it has is old */
        last = all;
    else
        ask(reader, previous, &last);
    end = mms_release(reader);
    CHECK(end == 0 || (EVICTS && end == MMS_E_EVICTED));
    check_answer(&all, view.generation, previous, end);
    check_answer(&last, view.generation, previous, end);
    /* The record of what is pinned is there, and too new to be overwritten. */
    CHECK(last.code == 0 || HOLDS || EVICTS);
    return NULL;
}

int main(void)
{
    static void *(*const threads[])(void *) = {update_some, ask_some, take_over};
    struct mms__known_changes known = {.ring = {.shared = CHANGES, .size = RING}};
    struct crew crew;

    lay_out();
    lay_out_changes();
    crew_open(&crew, EVICTS);
    crew.processes[0].region.header.max_size = BIG;
    crew.processes[0].region.changes = RENEWS == 1 ? NULL : &known; /* it opens one or the other */
    NAME(writer_lock);
    region_header = crew.processes[0].region.header;
    file_header = header_for(&region_header);
    if (HOLDS) {
        mms_view view;

        CHECK(mms_read(crew.readers[0], &view) == 0);
    }
    run_threads(threads, (void *const[]){NULL, crew.readers[0], NULL}, 2 + DIES);
    return 0;
}
