"""What breaks while documents are made loses nothing, and keeps nobody from the last one."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from console.contract import keys, wire
from gateways.serving import views
from tests.gateways.examples import route, upstream
from tests.threads import eventually

from .test_serving import Fetched, _as_a_console_that_starts, fetched, node

__all__ = ["_as_a_console_that_starts", "fetched"]

pytestmark = pytest.mark.django_db(transaction=True)


def has(fetched: Fetched, port: int) -> Callable[[], bool]:
    return lambda: f":{port}".encode() in fetched.get().content


def test_a_change_that_breaks_the_book_is_taken_all_the_same(fetched: Fetched) -> None:
    fetched.commit(upstream(), route())
    before = fetched.get().content
    del views._counters[fetched.id].desk._book._of
    fetched.commit(node(81), route(id="r2"))
    broken = fetched.get()
    assert (broken.status_code, broken.content) == (200, before)
    eventually(has(fetched, 81), within=20)
    assert fetched.get().json()["http"]["routers"].keys() == {"r1-portolan", "r2-portolan"}
    fetched.commit(node(82))
    eventually(has(fetched, 82), within=20)


def lags(fetched: Fetched) -> int:
    return sum(views._counters[fetched.id].callers["edge"].lag.counts)


def test_no_lag_is_counted_of_what_did_not_change(fetched: Fetched) -> None:
    """Neither as the feed goes on without it, nor as a person edits it or all is read anew."""
    fetched.commit(upstream(), route())
    ask = "?instance=edge"
    for _ in range(2):
        fetched.get(ask)
    observed = int(time.time() * 1000) + 1
    fetched.commit(node(81, observed_at=observed))
    for _ in range(2):
        fetched.get(ask)
    assert lags(fetched) == 1
    for same in (
        lambda: fetched.writer.commit({}, always=True),
        lambda: fetched.commit(node(81, observed_at=observed, retries=2)),
        lambda: views._counters[fetched.id].desk._begin(),
        lambda: fetched.commit(route(hosts=("other.org",))),
    ):
        same()
        for _ in range(2):
            fetched.get(ask)
    assert lags(fetched) == 1
    desk = views._counters[fetched.id].desk
    desk._begin()
    fetched.commit(node(82, observed_at=observed + 1))
    for _ in range(2):
        fetched.get(ask)
    assert lags(fetched) == 2


def test_an_entry_that_cannot_be_read_is_passed(fetched: Fetched) -> None:
    fetched.commit(upstream(), route())
    before = fetched.get().content
    feed, seq = keys.feed(fetched.plane), fetched.writer.seq + 1
    state = wire.encode(node(81))
    with fetched.store.pipeline() as together:
        together.hset(feed.states, f"upstream/{upstream().id}", state)
        together.xadd(feed.changes, {"keys": "no list", "at": "never"}, id=f"1-{seq}")
        together.hset(feed.meta, "seq", seq)
        together.execute()
    assert fetched.get().content == before
    eventually(has(fetched, 81), within=20)


def test_a_state_that_cannot_be_read_stays_as_it_was(fetched: Fetched) -> None:
    fetched.commit(upstream(), upstream(id="u2", nodes=(wire.Node(host="10.0.0.9", port=99),)))
    assert has(fetched, 99)()
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    poison = b'{"type":"upstream","id":"u2","name":"u2","checks":' + deep + b"}"
    fetched.writer.commit({"upstream/u2": poison, "upstream/u1": wire.encode(node(81))})
    assert has(fetched, 81)()
    assert has(fetched, 99)()
    views._counters.clear()  # a console that starts anew finds what it gave before
    eventually(has(fetched, 99), within=20)
    assert has(fetched, 81)()
