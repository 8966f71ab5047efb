"""Changes as clusters make them: replicas come and go, turn unready, move from slice to slice;
services lose all their slices and come back."""

from __future__ import annotations

import random
import threading

from bench.parts_cluster import ClusterProcess

# Name of a slice → its endpoints, address → ready.
Slices = dict[str, dict[str, bool]]
_FULL = 6  # endpoints of a slice


class Churn:
    """Knows what it has made; one thread calls it."""

    def __init__(
        self, cluster: ClusterProcess, *, namespaces: int, services: int, dice: random.Random
    ) -> None:
        self._cluster = cluster
        self._dice = dice
        self._number = 0
        self.changes = 0
        self._there: dict[tuple[str, str], Slices] = {
            (f"ns-{one}", f"web-{two}"): {} for one in range(namespaces) for two in range(services)
        }
        for key in self._there:
            self._create(key)

    def run(self, over: threading.Event, *, rate: float) -> None:
        """Change something, on average `rate` times a second, until the event is set."""
        while not over.wait(self._dice.expovariate(rate)):
            self.change()

    def change(self) -> None:
        key = self._dice.choice(list(self._there))
        slices = self._there[key]
        if not slices:
            self._create(key)
            return
        deed = self._dice.choices(
            (self._scale_up, self._scale_down, self._turn, self._move, self._vanish),
            (30, 25, 15, 25, 5),
        )[0]
        deed(key, slices)

    def _create(self, key: tuple[str, str]) -> None:
        for _ in range(self._dice.randint(1, 3)):
            name = f"{key[1]}-{self._new()}"
            found = {self._address(): True for _ in range(self._dice.randint(1, _FULL))}
            self._there[key][name] = found
            self._put(key, name)

    def _scale_up(self, key: tuple[str, str], slices: Slices) -> None:
        name = self._dice.choice(list(slices))
        if len(slices[name]) >= _FULL:
            name = f"{key[1]}-{self._new()}"
            slices[name] = {}
        slices[name][self._address()] = True
        self._put(key, name)

    def _scale_down(self, key: tuple[str, str], slices: Slices) -> None:
        name = self._dice.choice(list(slices))
        if slices[name]:
            del slices[name][self._dice.choice(list(slices[name]))]
            self._put(key, name)
        else:
            self._delete(key, name)

    def _turn(self, key: tuple[str, str], slices: Slices) -> None:
        name = self._dice.choice(list(slices))
        for address in list(slices[name])[:1]:
            slices[name][address] = not slices[name][address]
            self._put(key, name)

    def _move(self, key: tuple[str, str], slices: Slices) -> None:
        """An endpoint leaves a slice and comes in another, in either order."""
        source, target = self._dice.choice(list(slices)), self._dice.choice(list(slices))
        if source == target or not slices[source]:
            return
        address = self._dice.choice(list(slices[source]))
        slices[target][address] = slices[source].pop(address)
        for name in self._dice.sample((source, target), 2):
            self._put(key, name)

    def _vanish(self, key: tuple[str, str], slices: Slices) -> None:
        for name in list(slices):
            self._delete(key, name)

    def _put(self, key: tuple[str, str], name: str) -> None:
        self._cluster.ask("put_slice", *key, name, list(self._there[key][name].items()))
        self.changes += 1

    def _delete(self, key: tuple[str, str], name: str) -> None:
        del self._there[key][name]
        self._cluster.ask("delete", "endpointslices", key[0], name)
        self.changes += 1

    def _address(self) -> str:
        number = self._new()
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def _new(self) -> int:
        self._number += 1
        return self._number
