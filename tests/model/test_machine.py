"""Anything, in any order: the feed ends at the truth, and says nothing untrue till then.

A model of three services cut into slices; rules that change them and rules that break what leads
from the cluster to the feed: the whole watcher, the practice cluster and Valkey are real.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from console import redis
from console.contract import keys
from practice.testing import PracticeCluster
from tests.model.witness import Witness, addresses
from tests.registries.reflecting import TIMING
from tests.registries.watched import PACE, registry_of, watching

NAMES = ("shop/a", "shop/b", "bank/c")
STEADY = "bank/steady"
QUICK = replace(
    TIMING,
    watch_for=(2, 3),
    silence=1.0,
    first_silence=1.0,
    short_watch=0.05,
    healthy=0.1,
    confirm_after=0.1,
    check_soon=(0.2, 0.4),
    check_pause=0.5,
)
# How many lists a rule may cost, at the most: what breaks one may break the next three.
LISTS_A_RULE = 8

names = st.sampled_from(NAMES)
slices = st.sampled_from(("1", "2"))
hosts = st.sets(st.integers(1, 5), max_size=4)


def address(name: str, number: int) -> str:
    return f"10.0.{NAMES.index(name)}.{number}"


class Discovery(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._stack = contextlib.ExitStack()
        self._store = redis.store()
        self._store.flushdb()
        self._cluster = self._stack.enter_context(PracticeCluster(bookmark_every=0.1))
        self._model: dict[str, dict[str, set[int]]] = {name: {} for name in NAMES}
        self._rules = 0
        self._cluster.put_service("bank", "steady", addresses=["10.9.9.9"])
        self._registry = registry_of(self._cluster)
        feed = keys.feed(keys.registry(str(self._registry.pk)))
        self._feed = feed
        self._witness = Witness(self._store, feed, steady=STEADY)
        self._witness.allowed = {name: set() for name in NAMES} | {STEADY: {"10.9.9.9"}}
        self._pace = replace(PACE, verify=0.2, tell=0.2, reading=QUICK)
        self._watch: Any = None

    @initialize()
    def begin(self) -> None:
        self._witness.start()
        self._watch = watching(self._registry, pace=self._pace)
        self._watch.__enter__()
        self.agree()

    # The cluster changes ------------------------------------------------------------------------

    @rule(name=names, part=slices, numbers=hosts)
    def put_slice(self, name: str, part: str, numbers: set[int]) -> None:
        self._model[name][part] = numbers
        self._write(name, part)

    @rule(name=names, numbers=hosts)
    def move_between_slices(self, name: str, numbers: set[int]) -> None:
        """All of them are in one slice, then in the other; the two events come in either order."""
        ours = self._model[name]
        ours["1"], ours["2"] = ours.get("2", set()) | numbers, ours.get("1", set())
        for part in ("1", "2") if len(numbers) % 2 else ("2", "1"):
            self._write(name, part)

    @rule(name=names, part=slices)
    def delete_slice(self, name: str, part: str) -> None:
        if self._model[name].pop(part, None) is not None:
            namespace, _, service = name.partition("/")
            self._cluster.delete("endpointslices", namespace, f"{service}-{part}")

    def _write(self, name: str, part: str) -> None:
        numbers = self._model[name][part]
        self._witness.allowed[name] |= {address(name, number) for number in numbers}
        namespace, _, service = name.partition("/")
        self._cluster.apply(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": f"{service}-{part}",
                    "namespace": namespace,
                    "labels": {"kubernetes.io/service-name": service},
                },
                "addressType": "IPv4",
                "endpoints": [{"addresses": [address(name, one)]} for one in sorted(numbers)],
                "ports": [{"name": "http", "port": 80}],
            }
        )

    # What leads from it breaks ------------------------------------------------------------------

    @rule(how=st.sampled_from(("clean", "fin", "rst")))
    def drop_watches(self, how: str) -> None:
        self._cluster.fault("drop-watches", how=how)

    @rule(at=st.integers(0, 3_000), verb=st.sampled_from(("list", "watch")))
    def cut(self, at: int, verb: str) -> None:
        self._cluster.fault("cut", verb=verb, at=at, count=1)

    @rule(code=st.sampled_from((401, 403, 429, 500, 503, 504)), count=st.integers(1, 3))
    def refuse(self, code: int, count: int) -> None:
        self._cluster.fault(
            "status", resource="endpointslices", code=code, count=count, retry_after=0
        )

    @rule(kind=st.sampled_from(("html", "garbage", "truncate-list")))
    def nonsense(self, kind: str) -> None:
        self._cluster.fault(kind, resource="endpointslices", count=1)

    @rule(code=st.sampled_from((410, 429, 500)))
    def error_event(self, code: int) -> None:
        self._cluster.fault("error-event", verb="watch", code=code, count=1)
        self._cluster.fault("drop-watches", how="rst")

    @rule()
    def half_open(self) -> None:
        self._cluster.fault("half-open")

    @rule()
    def compact(self) -> None:
        self._cluster.fault("compact")

    @rule(page=st.integers(1, 2))
    def expire_continue_tokens(self, page: int) -> None:
        self._cluster.fault("expire-tokens")

    @rule(on=st.booleans())
    def lag(self, on: bool) -> None:
        self._cluster.fault("lag", on=on)

    @rule()
    def number_everything_anew(self) -> None:
        self._cluster.fault("reset-versions")

    @rule(on=st.booleans())
    def stream_lists_or_not(self, on: bool) -> None:
        self._cluster.fault("watch-list", on=on)

    @rule()
    def lose_redis(self) -> None:
        self._witness.forget()
        self._store.flushdb()

    @rule()
    def forget_scripts(self) -> None:
        self._store.script_flush()

    @rule()
    def another_worker(self) -> None:
        self._watch.__exit__(None, None, None)
        self._watch = watching(self._registry, pace=self._pace)
        self._watch.__enter__()

    @rule()
    def wait_a_moment(self) -> None:
        time.sleep(0.1)

    # What must hold -----------------------------------------------------------------------------

    @precondition(lambda self: self._watch is not None)
    @rule()
    def agree(self) -> None:
        """Undisturbed, the feed is soon what the cluster says."""
        self._cluster.clear_faults()
        until = time.monotonic() + 40
        while self._published() != self._expected():
            assert time.monotonic() < until, (self._published(), self._expected())
            time.sleep(0.01)

    @invariant()
    def nothing_untrue_was_seen(self) -> None:
        self._rules += 1
        assert not self._witness.complaints, self._witness.complaints

    def _expected(self) -> dict[str, set[str]]:
        found = {
            name: {address(name, one) for numbers in parts.values() for one in numbers}
            for name, parts in self._model.items()
            if parts
        }
        return found | {STEADY: {"10.9.9.9"}}

    def _published(self) -> dict[str, set[str]]:
        states = self._store.hgetall(self._feed.states)
        ours = {*NAMES, STEADY}
        return {
            name.decode(): addresses(state)
            for name, state in states.items()
            if name.decode() in ours
        }

    def teardown(self) -> None:
        try:
            if self._watch is not None:
                self.agree()
                lists = self._cluster.requests("list", "endpointslices")
                full = [one for one in lists if one["params"].get("limit") != "1"]
                assert len(full) <= LISTS_A_RULE * (self._rules + 1), "a storm of lists"
                assert self._witness.looks, "the witness has seen nothing"
            assert not self._witness.complaints, self._witness.complaints
        finally:
            self._cluster.clear_faults()
            if self._watch is not None:
                self._watch.__exit__(None, None, None)
            self._witness.stop()
            self._stack.close()


@pytest.mark.django_db(transaction=True)
def test_discovery_ends_at_the_truth_whatever_happens() -> None:
    # More with MODEL_EXAMPLES=200; what fails is kept in .hypothesis and tried first.
    examples = int(os.environ.get("MODEL_EXAMPLES", "8"))
    run_state_machine_as_test(
        Discovery,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            derandomize="MODEL_EXAMPLES" not in os.environ,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
