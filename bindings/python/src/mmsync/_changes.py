# SPDX-License-Identifier: Apache-2.0
"""Waiting in an event loop. All coroutines of a loop that wait for a region share one descriptor."""
import asyncio
import typing
import weakref
from collections.abc import AsyncGenerator

from ._errors import EmptyError
from ._native import Region, Snapshot

_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, "Hub"]] = weakref.WeakKeyDictionary()


class Hub:
    """What one loop needs to wait for one region."""

    def __init__(self, region: Region, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.users = 0
        self.armed = False  # the loop looks at the descriptor
        self.waiting: set[asyncio.Future[None]] = set()
        self.waiter = region._waiter()

    def close(self) -> None:
        self._disarm()
        self.waiter.close()

    def _arm(self) -> int:
        """The newest generation; when there is another, the loop wakes those who wait."""
        generation = self.waiter.acknowledge()
        self.loop.add_reader(self.waiter.fileno(), self._wake)
        self.armed = True
        return generation

    def _disarm(self) -> None:
        if self.armed:
            self.loop.remove_reader(self.waiter.fileno())
        self.armed = False

    def _wake(self) -> None:
        """Not acknowledged: a fast writer wakes nobody until somebody waits again."""
        self._disarm()
        self.resolve()

    def resolve(self) -> None:
        waiting, self.waiting = self.waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def changed(self, seen: int) -> None:
        """Return when the newest generation is not `seen`, or may not be."""
        if not self.armed and self._arm() != seen:
            return  # else it waits for a change since then, or since longer ago
        future = self.loop.create_future()
        self.waiting.add(future)
        try:
            await future
        finally:
            self.waiting.discard(future)


class _Membership:
    """`with _Membership(region) as hub`: the hub ends with its last user."""

    def __init__(self, region: Region) -> None:
        loop = asyncio.get_running_loop()
        hubs = _hubs.setdefault(loop, {})
        self.hubs, self.key = hubs, id(region)
        if self.key not in hubs:
            hubs[self.key] = Hub(region, loop)

    def __enter__(self) -> Hub:
        hub = self.hubs[self.key]
        hub.users += 1
        return hub

    def __exit__(self, *exception: typing.Any) -> None:
        hub = self.hubs[self.key]
        hub.users -= 1
        if hub.users == 0:
            del self.hubs[self.key]
            hub.close()


def _newest(region: Region) -> Snapshot | None:
    try:
        return region.snapshot()
    except EmptyError:
        return None


async def changes(region: Region, seen: int) -> AsyncGenerator[Snapshot, None]:
    with _Membership(region) as hub:
        while True:
            snapshot = _newest(region)
            if snapshot is not None and snapshot.generation != seen:
                seen = snapshot.generation
                yield snapshot
                del snapshot  # nothing is pinned here while we wait
                continue
            del snapshot
            await hub.changed(seen)


def wake_all(region: Region) -> None:
    """Let whoever waits for the region look at it again."""
    for loop, hubs in list(_hubs.items()):
        hub = hubs.get(id(region))
        if hub and not loop.is_closed():
            loop.call_soon_threadsafe(hub.resolve)
