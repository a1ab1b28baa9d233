# SPDX-License-Identifier: Apache-2.0
"""Why somebody else is first, or a target is missed: what the report says where that is what was measured."""

from contestants import BY_NAME

# A difference below this is a tie: the machine's noise is of that size.
TIE = 1.05

THREADS = (
    "its readers are threads of the writer's process: no file, no page of its own for each value, no process "
    "whose death must be survived. "
)
OVERWRITES = (
    "it overwrites the one copy in place: nothing is kept for readers, so no slot has to be found free, "
    "and no reader be looked at. "
)

WHY = {
    ("seqlock", "write"): OVERWRITES + "Its readers copy, spin while it writes, and stop for ever if it dies inside "
    "a write; mmsync pays for two full fences and its share of a membarrier call "
    "to rule that out.",
    ("rwlock", "write"): OVERWRITES + "It waits for every reader instead, without a bound, and a reader that dies "
    "inside the lock stops it for ever.",
    ("iceoryx2", "write"): "it has two cells and writes the one that is not current, whoever reads it: readers find "
    "out when they have copied, and copy again. So a write looks at no reader, and needs no "
    "full fence; a reader that is often overtaken has no bound on its tries, and nothing is "
    "read in place.",
    ("left-right", "write"): THREADS + "It waits for readers by looking at their counters, without a bound.",
    ("arc-swap", "write"): THREADS + "A write is an allocation and a swap, and a scan of the threads' slots.",
    ("liburcu", "write"): THREADS + "With no registered reader there is nobody to wait for.",
    ("left-right", "read"): THREADS + "A read is two plain stores and a load as here.",
    ("arc-swap", "read"): THREADS + "A read marks a slot of its thread.",
    ("liburcu", "read"): THREADS + "A read is a store, a load and a store, as here, without the look whether "
    "`current` is the one that was announced: its writer waits for readers instead.",
    ("seqlock", "read"): "the value is 36 bytes, so to copy it costs less than to announce that it is in use. The "
    "reader stores nothing at all; it also has no bound on its steps, may copy again, and "
    "stops with a writer that dies.",
    ("iceoryx2", "read"): "the value is 36 bytes, so to copy it costs little; from some hundred bytes on, the copy "
    "decides. Its reader has no bound on its tries.",
    ("lmdb", "read"): "within this machine's noise, or because its pages were in a nearer cache.",
    ("mmap-sync", "read"): "it has two copies and so uses the same few cache lines again and again, where mmsync "
    "goes round a hundred slots.",
    ("lmdb", "large"): "its page allocation reuses pages that are still in the cache.",
    ("seqlock", "large"): OVERWRITES + "While it does, every reader spins.",
    ("rwlock", "large"): OVERWRITES + "While it does, every reader is blocked; and writing one copy over and over "
    "keeps more of it in the cache than writing two or three in turn.",
    ("memcpy", "large"): "a bound and not a contestant.",
    ("iceoryx2", "large"): "its two cells fit into the nearest cache, and a write looks at no reader.",
    ("mmap-sync", "large"): "its two copies fit into a nearer cache than mmsync's slots.",
    ("pipe", "seen"): "the kernel wakes the one reader of a descriptor directly; a futex wakes all waiters of a "
    "word, which is what many readers need.",
    ("mmap-sync", "memory"): "by less than the reader table and the handles of mmsync take.",
    ("rwlock", "memory"): "it has one copy of the value and no table of readers.",
    ("seqlock", "memory"): "it has one copy of the value in shared memory; its readers' own copies are not in this "
    "figure's region.",
    ("mmap-sync", "table"): "the same archive, byte for byte; it does not check what it reads here.",
    ("redis", "table"): "a hash table in one process that hands out entries singly; not read in place.",
    ("lmdb", "table"): "a tree of pages.",
}
WHY[("eventfd", "seen")] = WHY[("socket", "seen")] = WHY[("iceoryx2", "seen")] = WHY[("pipe", "seen")]

SPIN = (
    "a publish reaches a spinning reader in the time that one cache line takes from core to core; all who share "
    "a mapped line are equal here. Those ahead put the value on the line that tells of the change, or have "
    "fewer lines to fetch: mmsync's reader fetches `current`, the slot's descriptor and the value, which is "
    "what a value of any size, read in place, needs."
)

FIRST = (
    "the first read after a publish has to fetch what the writer has changed from the writer's core. mmsync "
    "goes round its slots, up to 128 for a small value, so `current`, the slot's descriptor and the value are "
    "four lines, three of which were last used many publishes ago; those ahead write to the same one or two "
    "places again and again."
)

COUNTED = (
    "fewer instructions, and not less time: a locked one takes as long as some twenty others; the times are "
    "in the first table. Or it is a bound within one process."
)

CLASS = {"beside-writer": "read", "beside-readers": "read"}


def why_not_first(row_name, group, winner):
    """One sentence or two on why the winner of this row is ahead; never empty."""
    if row_name == "seen-spin":
        return SPIN
    if group == "first":
        return FIRST
    if group == "counters":
        return COUNTED
    found = WHY.get((winner, CLASS.get(group, group)))
    if found:
        return found
    contestant = BY_NAME[winner]
    return f"it promises something else: {contestant.guarantee}. That is what the difference buys, or costs."


# Targets that were missed.
MISSED = {
    "unchecked-alone": "mmap-sync's read is two locked additions on a line that nobody else wants in this row, so "
    "that they cost little more than ten cycles. A read here is 12 loads and 4 stores in the "
    "nearest cache, of which a processor makes two or three a cycle; it announces itself, looks "
    "at `current` twice and takes the announcement back, and each of these is needed. With a "
    "second reader mmap-sync's line travels, which is the next target.",
    "unchecked-two": "where two processes really run at the same time, mmap-sync's counter travels between the "
    "cores at each read. A lower ratio means that they did not: other programs had a processor, or "
    "the two processors share one core.",
    "pointer": "a read announces itself and takes that back: two stores that a pointer load does not have, and two "
    "looks at `current`. A load through a call costs a jump and a return, no more on this machine.",
    "checked": "mmap-sync checks 36 bytes in some twenty nanoseconds. A checked read here costs what an unchecked "
    "one does and a look at what was checked last; the loads and stores of the announcement, see above, "
    "are its floor.",
    "write-attached": "a write has two full fences: one tells copying readers that the slot is taken, one decides "
    "whether somebody waits. Without them a reader could take what is torn, or sleep on. "
    "mmap-sync's figure is a hash and a call of msync.",
    "write-spin": "each publish takes the line `current` from the spinning reader and gives it back: a transfer "
    "between cores that both pay alike. A reader that was interrupted spares its writer that.",
    "copy-mmap-sync": "mmap-sync hashes, copies and calls msync; where memory is much slower than the processor, "
    "the copy dominates in both.",
    "copy-memcpy": "a publish goes to two or three slots in turn, memcpy to one buffer again and again; with a last "
    "level cache larger than that buffer, part of it stays there.",
    "commit": "both are a few cache misses; the difference is in which lines the last build has left in the cache.",
    "lmdb": "LMDB's read transaction is a few stores and a walk of a tree of one level, all in the nearest cache.",
}
