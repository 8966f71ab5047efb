"""Whatever two writers and a lossy server do in whatever order, the reader ends at what the writer
of the highest epoch says."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.feed import FeedLost, FeedWriter, Fenced
from console.redis import Client
from tests.feed.conftest import FEED, View, states

KEYS = st.sampled_from("abcd")
STATES = st.one_of(st.none(), st.sampled_from([b"1", b"2", b"3"]))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(0, 1)),
        st.tuples(st.just("commit"), st.integers(0, 1), st.dictionaries(KEYS, STATES, max_size=3)),
        st.tuples(st.just("read"), st.booleans()),
        st.tuples(st.just("flush")),
        st.tuples(st.just("trim")),
    ),
    max_size=25,
)


class Worker:
    """A writer as a worker uses it."""

    def __init__(self, store: Client, epoch: int) -> None:
        self.writer = FeedWriter(store, FEED, epoch=epoch)
        self.model: dict[str, bytes] | None = None

    def open(self) -> None:
        try:
            self.model = self.writer.open()
        except Fenced:
            self.model = None

    def commit(self, changes: dict[str, bytes | None]) -> None:
        if self.model is None:
            return
        after = {**self.model, **changes}
        model = {key: state for key, state in after.items() if state is not None}
        try:
            try:
                self.writer.commit(changes)
            except FeedLost:
                self.writer.replace(model)
            self.model = model
        except Fenced:
            self.model = None

    def verify(self) -> None:
        assert self.model is not None
        try:
            self.writer.verify()
        except FeedLost:
            self.writer.replace(self.model)


@given(STEPS)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_reader_ends_at_the_highest_epochs_state(store: Client, steps: list[tuple]) -> None:
    store.flushdb()
    workers = [Worker(store, 1), Worker(store, 2)]
    view = View(store)
    for name, *values in steps:
        if name == "open":
            workers[values[0]].open()
        elif name == "commit":
            workers[values[0]].commit(values[1])
        elif name == "read":
            view.look(later=3 * values[0])
        elif name == "trim":
            with suppress(Exception):
                store.xtrim(FEED.changes, maxlen=1, approximate=False)
        else:
            store.flushdb()
    last = workers[1]
    if last.model is None:
        last.open()
    last.commit({"end": b"%d" % len(steps)})
    last.verify()
    assert view.look(later=3).states == states(store) == last.model
    workers[0].commit({"a": b"late"})
    assert states(store) == last.model
