/* SPDX-License-Identifier: Apache-2.0 */
/* The memory: C11 without load buffering, as a machine of views (after the "promising semantics" without promises, with
   the seq_cst accesses of RC11). Each location has a history of messages in modification order; a store goes anywhere
   in it behind what its thread knows, and a load may return anything from there on. */
#include "world.h"
#include <stdio.h>
#include <string.h>

struct world world;

static struct {
    const volatile char *at;
    size_t size;
    uint64_t initial;
} places[MAX_LOCATIONS];
static unsigned place_count;

static struct {
    const volatile char *at;
    size_t size;
    const char *name;
} names[64];
static unsigned name_count;

void memory_reset(void)
{
    memset(&world, 0, sizeof world);
    world.message_count = 1;
    place_count = name_count = 0;
}

static uint64_t read_real(const volatile void *at, size_t size)
{
    switch (size) {
    case 1: return *(const volatile uint8_t *)at;
    case 2: return *(const volatile uint16_t *)at;
    case 4: return *(const volatile uint32_t *)at;
    default: return *(const volatile uint64_t *)at;
    }
}

unsigned find_location(const volatile void *at, size_t size)
{
    for (unsigned i = 0; i < place_count; i++)
        if (places[i].at == at) {
            if (places[i].size != size)
                fail("%s is accessed with %zu and with %zu bytes", location_name(i), size, places[i].size);
            return i;
        }
    if (place_count == MAX_LOCATIONS) {
        fail("more than %d locations", MAX_LOCATIONS);
        return 0;
    }
    places[place_count].at = at;
    places[place_count].size = size;
    places[place_count].initial = read_real(at, size);
    return place_count++;
}

void explore_name(const volatile void *at, size_t size, const char *name)
{
    for (unsigned i = 0; i < name_count; i++)
        if (names[i].at == at)
            return;
    if (name_count < sizeof names / sizeof *names) {
        names[name_count].at = at;
        names[name_count].size = size;
        names[name_count++].name = name;
    }
}

const char *location_name(unsigned location)
{
    static char text[4][80];
    static unsigned turn;
    const volatile char *at = places[location].at;
    char *out = text[turn++ % 4];

    snprintf(out, sizeof text[0], "%p", (void *)(uintptr_t)at);
    for (unsigned i = 0; i < name_count; i++)
        if (at >= names[i].at && at < names[i].at + names[i].size) {
            int length = snprintf(out, sizeof text[0], "%s", names[i].name);

            if (names[i].size > 8)
                snprintf(out + length, sizeof text[0] - (size_t)length, "+%td", at - names[i].at);
            break;
        }
    return out;
}

/* ---- Views ---- */

static unsigned position_of(unsigned message)
{
    return message == 0 ? 0 : world.messages[message].position;
}

void join_views(struct view *into, const struct view *from)
{
    for (unsigned i = 0; i < place_count; i++)
        if (from->at[i] != into->at[i] && position_of(from->at[i]) > position_of(into->at[i]))
            into->at[i] = from->at[i];
    for (unsigned i = 0; i < MAX_THREADS; i++)
        if (from->clock[i] > into->clock[i])
            into->clock[i] = from->clock[i];
}

/* Coherence only: fences order, but do not make one thing happen before another. */
static void join_messages(struct view *into, const struct view *from)
{
    for (unsigned i = 0; i < place_count; i++)
        if (from->at[i] != into->at[i] && position_of(from->at[i]) > position_of(into->at[i]))
            into->at[i] = from->at[i];
}

/* A new interval of the thread's life, that nobody knows of yet. After every step that tells others about the last. */
void tick(struct thread *thread)
{
    uint8_t *clock = &thread->current.clock[thread - world.threads];

    if (++*clock == 0)
        fail("a thread does more than 255 releasing steps");
    thread->acquired.clock[thread - world.threads] = *clock;
}

uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

uint64_t message_value(unsigned location, unsigned message)
{
    return message == 0 ? places[location].initial : world.messages[message].value;
}

uint64_t message_identity(unsigned message)
{
    return message == 0 ? 0 : 1u + world.messages[message].thread * 256u + world.messages[message].serial;
}

/* ---- Atomic accesses ---- */

static bool acquires(enum explore_order order)
{
    return order == EXPLORE_ACQUIRE || order == EXPLORE_ACQ_REL || order == EXPLORE_SEQ_CST;
}

static bool releases(enum explore_order order)
{
    return order == EXPLORE_RELEASE || order == EXPLORE_ACQ_REL || order == EXPLORE_SEQ_CST;
}

static unsigned last(unsigned location)
{
    return world.locations[location].count;
}

static unsigned lowest(const struct thread *thread, const struct op *op)
{
    unsigned low = position_of(thread->current.at[op->location]);
    unsigned fenced = position_of(world.fenced.at[op->location]);

    return op->order == EXPLORE_SEQ_CST && fenced > low ? fenced : low;
}

static bool has_successor(unsigned location, unsigned position)
{
    unsigned message = world.locations[location].order[position];

    return message == 0 ? world.locations[location].initial_has_successor : world.messages[message].has_successor;
}

unsigned readable(const struct thread *thread, const struct op *op, uint8_t *choices)
{
    unsigned count = 0;

    for (unsigned i = lowest(thread, op); i <= last(op->location); i++)
        if (op->kind != OP_CAS || !has_successor(op->location, i) ||
            message_value(op->location, world.locations[op->location].order[i]) != op->expected)
            choices[count++] = (uint8_t)i;
    return count;
}

unsigned storable(const struct thread *thread, const struct op *op, uint8_t *choices)
{
    unsigned count = 0;

    for (unsigned i = lowest(thread, op); i <= last(op->location); i++)
        if (!has_successor(op->location, i))
            choices[count++] = (uint8_t)i;
    return count;
}

static void learn(struct thread *thread, unsigned location, unsigned message, enum explore_order order)
{
    thread->history = mix(thread->history, message_identity(message) + 2);
    thread->current.at[location] = (uint8_t)message;
    if (position_of(message) > position_of(thread->acquired.at[location]))
        thread->acquired.at[location] = (uint8_t)message;
    if (message == 0)
        return;
    join_views(&thread->acquired, &world.messages[message].view);
    if (acquires(order))
        join_views(&thread->current, &world.messages[message].view);
}

void do_load(struct thread *thread, struct op *op, unsigned position)
{
    unsigned message = world.locations[op->location].order[position];

    op->result = message_value(op->location, message);
    learn(thread, op->location, message, op->order);
}

static unsigned insert(struct thread *thread, unsigned location, unsigned after, uint64_t value)
{
    struct location *in = &world.locations[location];
    unsigned message = world.message_count;

    if (message == MAX_MESSAGES || in->count + 1 == MAX_HISTORY) {
        fail("more than %d messages, or %d in one location", MAX_MESSAGES, MAX_HISTORY);
        return 0;
    }
    for (unsigned i = in->count; i > after; i--) {
        in->order[i + 1] = in->order[i];
        world.messages[in->order[i]].position++;
    }
    in->order[after + 1] = (uint8_t)message;
    in->count++;
    world.message_count++;
    world.messages[message] = (struct message){.value = value,
                                               .position = (uint8_t)(after + 1),
                                               .thread = (uint8_t)(thread - world.threads),
                                               .serial = ++thread->serial};
    return message;
}

/* With the view of what was released up to now; an RMW hands on what the message it has read released. */
static void tell(struct thread *thread, unsigned location, unsigned message, enum explore_order order, unsigned read)
{
    thread->current.at[location] = (uint8_t)message;
    if (position_of(message) > position_of(thread->acquired.at[location]))
        thread->acquired.at[location] = (uint8_t)message;
    world.messages[message].view = releases(order) ? thread->current : thread->released;
    world.messages[message].view.at[location] = (uint8_t)message;
    if (read != 0)
        join_views(&world.messages[message].view, &world.messages[read].view);
    if (order == EXPLORE_SEQ_CST)
        world.fenced.at[location] = (uint8_t)message;
    if (releases(order))
        tick(thread);
}

unsigned do_store(struct thread *thread, const struct op *op, unsigned position)
{
    unsigned message = insert(thread, op->location, position, op->value);

    if (message != 0)
        tell(thread, op->location, message, op->order, 0);
    return message;
}

unsigned do_cas(struct thread *thread, struct op *op, unsigned position)
{
    unsigned read = world.locations[op->location].order[position], message;

    do_load(thread, op, position);
    op->succeeded = op->result == op->expected;
    if (!op->succeeded)
        return 0;
    if (read == 0)
        world.locations[op->location].initial_has_successor = true;
    else
        world.messages[read].has_successor = true;
    message = insert(thread, op->location, position, op->value);
    if (message != 0)
        tell(thread, op->location, message, op->order, read);
    return message;
}

/* ---- Fences ---- */

static uint64_t hash_messages(const struct view *view)
{
    uint64_t hash = 0;

    for (unsigned i = 0; i < place_count; i++)
        if (view->at[i] != 0)
            hash = mix(hash, message_identity(view->at[i]) << 8 | i);
    return hash;
}

void do_fence_seq_cst(struct thread *thread)
{
    thread->current = thread->acquired;
    join_messages(&thread->current, &world.fenced);
    join_messages(&world.fenced, &thread->current);
    thread->history = mix(thread->history, hash_messages(&world.fenced));
    thread->acquired = thread->released = thread->current;
    tick(thread);
}

void do_fence(struct thread *thread, enum explore_order order)
{
    if (acquires(order))
        thread->current = thread->acquired;
    if (releases(order)) {
        thread->released = thread->current;
        tick(thread);
    }
}

/* ---- Accesses that are not atomic ---- */

static bool knows(const struct thread *thread, unsigned other, unsigned when)
{
    return thread->current.clock[other] >= when || &world.threads[other] == thread;
}

static void report_race(unsigned location, const char *what, unsigned other, const char *access)
{
    trace_step(self, NULL, what);
    fail("data race on %s: %s of thread %td is not ordered with the %s of thread %u", location_name(location), what,
         self - world.threads, access, other);
}

uint64_t explore_plain_load(const volatile void *at, size_t size)
{
    unsigned location = find_location(at, size), me = (unsigned)(self - world.threads);
    struct location *in = &world.locations[location];

    if (in->written_at != 0 && !knows(self, in->writer, in->written_at))
        report_race(location, "a load", in->writer, "store");
    in->read_at[me] = self->current.clock[me];
    return message_value(location, in->order[in->count]);
}

void explore_plain_store(volatile void *at, size_t size, uint64_t value)
{
    unsigned location = find_location(at, size), me = (unsigned)(self - world.threads), message;
    struct location *in = &world.locations[location];

    if (in->written_at != 0 && !knows(self, in->writer, in->written_at))
        report_race(location, "a store", in->writer, "store");
    for (unsigned i = 0; i < MAX_THREADS; i++)
        if (in->read_at[i] != 0 && !knows(self, i, in->read_at[i]))
            report_race(location, "a store", i, "load");
    in->writer = (uint8_t)me;
    in->written_at = self->current.clock[me];
    message = insert(self, location, in->count, value);
    self->current.at[location] = self->acquired.at[location] = (uint8_t)message;
}
