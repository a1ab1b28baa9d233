# SPDX-License-Identifier: Apache-2.0
"""Why somebody else is ahead, or a target was missed: shown only where that was measured."""

from contestants import BY_NAME

# A difference below this is a tie: the machine's noise is of that size.
TIE = 1.05

THREADS = (
    "its readers are threads of the writer's process: no file, no page per value, and no process whose death it "
    "must survive. "
)
OVERWRITES = (
    "it overwrites its only copy in place and keeps nothing for readers, so it need not find a free slot or check "
    "any reader. "
)

WHY = {
    ("seqlock", "write"): OVERWRITES + "Its readers copy, spin while it writes, and stop for ever if it dies during "
    "a write; mmsync pays for a full fence, and for a scan of the readers every few publishes, to rule that out.",
    ("rwlock", "write"): OVERWRITES + "Instead it waits for every reader, without a bound, and a reader that dies "
    "inside the lock stops it for ever.",
    ("iceoryx2", "write"): "it has two cells and writes the one that is not current, whoever is reading it; readers "
    "find out after they have copied, and copy again. So a write checks no reader and needs no full fence, but a "
    "reader that is often overtaken may retry without a bound, and nothing is read in place.",
    ("left-right", "write"): THREADS + "It waits for readers by watching their counters, without a bound.",
    ("arc-swap", "write"): THREADS + "A write is an allocation, a swap, and a scan of the threads' slots.",
    ("liburcu", "write"): THREADS + "With no registered reader there is nobody to wait for.",
    ("left-right", "read"): THREADS + "A read is two plain stores and a load, as here.",
    ("arc-swap", "read"): THREADS + "A read marks a slot of its own thread.",
    ("liburcu", "read"): THREADS + "A read is a store, a load and a store, as here, but it does not check that "
    "`current` is what it announced: its writer waits for readers instead.",
    ("seqlock", "read"): "the value is only 36 bytes, so copying it costs less than announcing that it is in use. The "
    "reader stores nothing at all, but the number of its steps has no bound: it may copy again, and it stops if a "
    "writer dies.",
    ("iceoryx2", "read"): "the value is only 36 bytes, so copying it costs little; above a few hundred bytes the copy "
    "dominates. Its reader may retry without a bound.",
    ("lmdb", "read"): "within this machine's noise, or because its pages were in a nearer cache.",
    ("mmap-sync", "read"): "it has two copies, so it uses the same few cache lines again and again; mmsync uses more "
    "slots the faster its writer is.",
    ("lmdb", "large"): "its page allocator reuses pages that are still in the cache.",
    ("seqlock", "large"): OVERWRITES + "Meanwhile every reader spins.",
    ("rwlock", "large"): OVERWRITES + "Meanwhile every reader is blocked. Writing one copy over and over also keeps "
    "more of it in the cache than writing two or three in turn.",
    ("memcpy", "large"): "it is a bound, not a contestant.",
    ("iceoryx2", "large"): "its two cells fit into the nearest cache, and a write checks no reader.",
    ("mmap-sync", "large"): "its two copies fit into a nearer cache than mmsync's slots.",
    ("pipe", "seen"): "the kernel wakes a descriptor's one reader directly; a futex wakes all who wait on a word, "
    "which is what many readers need.",
    ("mmap-sync", "memory"): "the difference is mmsync's reader table and handles.",
    ("rwlock", "memory"): "it has one copy of the value and no reader table.",
    ("seqlock", "memory"): "it has one copy of the value in shared memory; this figure leaves out its readers' "
    "own copies.",
    ("mmap-sync", "table"): "it reads the same archive, byte for byte, but does not check it here.",
    ("redis", "table"): "it is a hash table in one process that hands out single entries; nothing is read in place.",
    ("lmdb", "table"): "it is a tree of pages.",
    ("mmap-sync", "keys"): "it reads an archive in place, with its perfect hash; the archive is built anew for each change.",
    ("lmdb", "keys"): "it copies one page for each level of its tree, and has no second copy to bring up to date.",
    ("sqlite", "keys"): "it appends the pages that change to a log.",
    ("redis", "keys"): "its server changes its only copy in place; readers ask the server.",
    ("lmdb", "update"): "it copies a page of 4 KiB for each record, and notes nothing about what changed.",
    ("sqlite", "update"): "it appends pages to a log; whoever reads has to look there first.",
    ("lmdb", "entry"): "its readers check nothing. mmsync's check what is not known to be good.",
    ("sqlite", "entry"): "its readers check nothing. mmsync's check what is not known to be good.",
    ("futex", "many"): "it does nothing but wake them. After a pause, mmsync's publish also looks whether its files "
    "are still in place, which is six system calls.",
}
WHY[("eventfd", "seen")] = WHY[("socket", "seen")] = WHY[("iceoryx2", "seen")] = WHY[("pipe", "seen")]

SPIN = (
    "a publish reaches a spinning reader as fast as a cache line moves from core to core, which is the same for "
    "all who share a mapped line. Those ahead put the value on the line that announces the change, or have "
    "fewer lines to fetch. mmsync's reader fetches `current`, then the slot's descriptor and the value together; reading "
    "values of any size in place takes all three."
)

FIRST = (
    "the first read after a publish has to fetch what the writer changed from the writer's core. For mmsync these "
    "are three lines: `current`, then the slot's descriptor and the value together. Those ahead have one or two."
)

COUNTED = (
    "fewer instructions do not mean less time: a locked one takes as long as about twenty others. The first "
    "table has the times. Or it is a bound within one process."
)

CALLS = (
    "no system calls at all. mmsync makes some ten membarrier calls a second while it publishes, to find slots "
    "that idle or dead readers keep, and now and then checks that its files are still in place."
)

CLASS = {
    "beside-writer": "read",
    "beside-readers": "read",
    "table-1m": "keys",
    "table-text": "keys",
    "table-10m": "keys",
}


def why_not_first(row_name, group, winner):
    """One sentence or two on why the winner of this row is ahead; never empty."""
    if row_name == "seen-spin":
        return SPIN
    if row_name == "calls-write":
        return CALLS
    if group == "first":
        return FIRST
    if group == "counters":
        return COUNTED
    found = WHY.get((winner, CLASS.get(group, group)))
    if found:
        return found
    contestant = BY_NAME[winner]
    return f"it makes other promises: {contestant.guarantee}. The difference is what those cost or save."


# Targets that were missed.
MISSED = {
    "unchecked-alone": "mmap-sync's read is two locked additions on a line that nobody else wants in this row, so "
    "they cost little more than ten cycles. A read here is 12 loads and 4 stores in the nearest cache, of which a "
    "processor completes two or three per cycle: it announces itself, loads `current` twice and withdraws the "
    "announcement, and needs each of these. With a second reader mmap-sync's line moves between cores, which is "
    "the next target.",
    "unchecked-two": "if two processes really run at the same time, mmap-sync's counter moves between their cores "
    "at each read. A lower ratio means that they did not: other programs had a processor, or the two processors "
    "share one core.",
    "pointer": "a read announces itself and withdraws that: two stores that a pointer load does not have, and two "
    "loads of `current`. A load through a call costs a jump and a return, and no more, on this machine.",
    "checked": "mmap-sync checks 36 bytes in about twenty nanoseconds. A checked read here costs what an unchecked "
    "one does, plus a look at what was checked last; the loads and stores of the announcement, see above, set its "
    "floor.",
    "write-attached": "a write has a full fence, which decides whether somebody is waiting. Without it a reader "
    "could sleep through a publish. mmap-sync's figure is a hash and a call to msync.",
    "write-spin": "each publish takes the line `current` from the spinning reader and gives it back: a transfer "
    "between cores that costs both libraries the same. A reader that was interrupted saves its writer that.",
    "write-attached-iceoryx2": "a publish takes a slot, a full fence and a share of a scan of the readers, and looks now "
    "and then whether its files are in place. iceoryx2 writes to the other of two places, whoever reads there: its readers "
    "copy, and copy again.",
    "write-spin-iceoryx2": "with the processors far apart a reader that spins on mms_read leaves the writer about one store of "
    "`current` between two of its requests for that line; docs/benchmarks.md has what was measured. Near each other they "
    "take about as long.",
    "seen-spin": SPIN,
    "first-36": "both take a line that names the value and then the value's, one after the other. The clock counts in steps of "
    "10 ns.",
    "first-36-walk": "the same as above, with a reader whose caches and TLB are full of something else.",
    "first-16m": "it is 4,096 cache misses, for both: in a cache that the reader shares with the writer, or in memory.",
    "copy-mmap-sync": "mmap-sync hashes, copies and calls msync; if memory is much slower than the processor, "
    "the copy dominates in both.",
    "copy-memcpy": "publishes go to two or three slots in turn, memcpy to one buffer again and again; if the last "
    "level cache is larger than that buffer, part of it stays there.",
    "commit": "both are a few cache misses; the difference is which lines the last build left in the cache.",
    "lmdb": "LMDB's read transaction is a few stores and a walk down a tree of one level, all in the nearest cache.",
    "update-100": "each record is a cache miss and a TLB miss in two slots: in the one that is written, for what it "
    "missed and for what is new, and in the current one, for what is copied.",
    "update-100-size": "in 64 MiB more of the pages and of their tables are still in the caches.",
    "update-65536": "the caller's stores alone miss the caches and the TLB 65,536 times: the row has them as memcpy. "
    "Catching up misses twice as often.",
    "update-65536-lmdb": "most of both is cache misses at random places.",
    "update-stores": "the kernel walks the page tables of all of the value, to find the pages that were stored to.",
    "table-get-lmdb": "both wait for memory: a look-up here for a bucket and then for the entry, LMDB's for the lower pages "
    "of its tree, whose upper ones stay in the caches.",
    "table-get-map": "both wait for two lines of memory, one after the other, and the processor begins the next look-ups "
    "meanwhile, as many as it has room for. One here, with its pin and with each offset checked against the view, takes "
    "some 190 instructions, the map's some 60; with room for about 450 that is two at a time, and seven. Look-ups with "
    "other work in between are closer.",
    "table-many": "each takes two lines, of a bucket and of an entry, from anywhere in more than half a GiB: they miss the "
    "caches, and their pages the TLB.",
    "table-put-1": "a put stores an entry and the table's head, and the next commit but one repeats both in the other slot: "
    "each is a line that was last used long ago.",
    "table-put-1-lmdb": "LMDB copies one page for each level of its tree; a put here is stored in one slot, and soon again in "
    "another.",
    "table-put-1000": "each put misses the caches and the TLB for its bucket and for its entry, in two slots.",
    "table-put-1000-lmdb": "most of both is cache misses at random places.",
    "table-load": "each entry misses the caches for its bucket; LMDB's for the leaf of its tree.",
    "table-slowest-put": "it is the slowest of some 500,000, so it has in it whatever else the processor did meanwhile; a "
    "column has the longest that one took on the processor. Every 1,000 puts a slot gets 64 KiB more: 10 us, or 0.2 to "
    "0.4 ms in a virtual machine whose host has not provided that memory yet; and when the table takes some MiB at once, "
    "it may get huge pages, which take milliseconds each there.",
    "table-beside": "each commit makes another slot the current one. The reader fetches what the writer changed from the "
    "writer's core, and its caches hold parts of two or three slots in place of one.",
    "sleepers": "nearly half of it is six system calls, which look whether the region's files are still in place; a "
    "publish after a pause makes them. The rest is one wake, with caches that others have used meanwhile.",
    "sleepers-last": "the writer wakes one process, and that one wakes the rest, on a processor that it shares with "
    "those already awake. A writer that wakes all does so on its own, and for milliseconds.",
}
