"""The snapshot on disk: plain JSON, written a moment after a change, in one step.

Versions go on growing after a restart: the next start begins well above the last version that
was kept, so a crash that lost the last moments can't hand out a version twice.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from practice.pki import write_private
from practice.schema import BY_KIND, Json, Resource
from practice.store import Event, Store

DEBOUNCE = 0.3
GAP = 10_000
FILE = "objects.json"


def load(store: Store, folder: Path) -> bool:
    """Fill the store from the folder's snapshot; False if there is none."""
    path = folder / FILE
    if not path.exists():
        return False
    kept: Json = msgspec.json.decode(path.read_bytes())
    store.load(kept["objects"], kept["resourceVersion"] + GAP, BY_KIND)
    return True


class Keeper:
    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.path = folder / FILE
        self.dirty = asyncio.Event()
        self.dirty.set()
        store.listeners.append(self._notice)
        self.task = asyncio.create_task(self._run())

    def _notice(self, _: Resource, __: Event) -> None:
        self.dirty.set()

    async def _run(self) -> None:
        while True:
            await self.dirty.wait()
            await asyncio.sleep(DEBOUNCE)
            await self.save()

    async def save(self) -> None:
        self.dirty.clear()
        lines = [
            (table.head + entry.raw[1:]).decode()
            for table in self.store.tables.values()
            for entry in table.entries.values()
        ]
        text = f'{{"resourceVersion":{self.store.rv},"objects":[\n' + ",\n".join(lines) + "\n]}\n"
        await asyncio.to_thread(write_private, self.path, text)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.save()
