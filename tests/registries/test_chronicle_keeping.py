"""The chronicle is kept: in order, never at a publisher's cost, and for who looks into it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.conf import settings

from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from console.redis import Client
from registries import chronicle
from registries.chronicle import Chronicler, Kind, Recorder
from registries.chronicle import recorder as recording
from registries.publisher import erase
from tests.registries.chronicled import ID, OWNER, A, B, node, service, told
from tests.relay import relay_to
from tests.threads import eventually


def test_a_full_queue_drops_and_says_how_many(
    feed: Client, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "WAITING", 3)
    scribe = Chronicler(ID, recorder=recorder)
    scribe.committed([(f"shop/s{n}", None, service(A)) for n in range(2)])
    scribe.committed([(f"shop/t{n}", None, service(A)) for n in range(2)])
    scribe.committed([("shop/u", None, service(A))])
    assert recorder.missed == {ID: 2}
    recorder.write()
    moves = told()
    assert {move.service for move in moves} == {"shop/s0", "shop/s1", "shop/u", ""}
    [gap] = [move for move in moves if move.kind == Kind.MISSED]
    assert chronicle.cause(gap) == "up to 2 changes were not recorded"
    assert recorder.missed == {}


def test_redis_away_is_a_gap_that_is_told_when_it_is_back(feed: Client) -> None:
    with relay_to(settings.REDIS_URL) as (relay, url):
        client = redis.connect(url)
        recorder = Recorder(client=lambda: client, threaded=False)
        scribe = Chronicler(ID, recorder=recorder)
        relay.refuse()
        scribe.committed([("shop/web", service(A), service(B)), ("shop/api", None, service(A))])
        recorder.write()
        assert recorder.missed == {ID: 2}
        relay.admit()
        recorder.write()
        client.close()
    [move] = told()
    assert (move.kind, move.services) == (Kind.MISSED, 2)


def test_handing_over_waits_for_nobody(feed: Client) -> None:
    with relay_to(settings.REDIS_URL) as (relay, url):
        client = redis.connect(url)
        recorder = Recorder(client=lambda: client)
        scribe = Chronicler(ID, recorder=recorder)
        relay.swallow()
        slowest = 0.0
        for number in range(200):
            began = time.perf_counter()
            scribe.committed([("shop/web", service(A), service(node(f"10.0.1.{number}")))])
            slowest = max(slowest, time.perf_counter() - began)
            time.sleep(0.005)
        assert slowest < 2, "an answer of Redis is waited for 5 s"
        relay.admit()
        eventually(lambda: recorder.idle, within=20, what="the chronicle is written")
        client.close()


def test_handing_over_costs_next_to_nothing(recorder: Recorder) -> None:
    """Measured against what the publisher does for each commit anyway: encoding the states."""
    nodes = [node(f"10.0.0.{number}") for number in range(10)]
    states = [service(*nodes, name=f"s{number}") for number in range(100)]
    pairs = [(f"shop/{one.name}", one, one) for one in states]
    scribe = Chronicler(ID, recorder=recorder)

    def cheapest(deed: Callable[[], object]) -> float:
        took = []
        for _ in range(30):
            began = time.thread_time_ns()
            deed()
            took.append(time.thread_time_ns() - began)
        return min(took)

    handing = cheapest(lambda: scribe.committed(pairs))
    encoding = cheapest(lambda: [wire.encode(one) for one in states])
    assert handing < encoding / 10


def test_the_thread_writes_what_is_handed_over_within_a_moment(feed: Client) -> None:
    recorder = Recorder()
    Chronicler(ID, recorder=recorder).committed([("shop/web", service(A), service())])
    eventually(lambda: bool(told()), what="it is written")
    [move] = told()
    assert abs(move.at - time.time() * 1000) < 60_000


def test_a_registry_that_was_deleted_stays_deleted(feed: Client, recorder: Recorder) -> None:
    Chronicler(ID, recorder=recorder).committed([("shop/web", None, service(A))])
    recorder.write()
    assert feed.exists(keys.moves(OWNER))
    erase(ID)
    Chronicler(ID, recorder=recorder).committed([("shop/web", service(A), None)])
    recorder.write()
    assert list(feed.scan_iter("*")) == []


def test_only_the_newest_are_kept(
    feed: Client, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "KEPT", 100)
    scribe = Chronicler(ID, recorder=recorder)
    for number in range(500):
        scribe.committed([(f"shop/s{number}", None, service(A))])
    recorder.write()
    moves = told()
    assert 100 <= len(moves) <= 250, "trimmed in steps"
    assert moves[-1].name == "s499"


def test_times_never_run_backwards(feed: Client) -> None:
    now = [100.0]
    recorder = Recorder(threaded=False, clock=lambda: now[0])
    scribe = Chronicler(ID, recorder=recorder)
    scribe.committed([("shop/a", None, service(A))])
    recorder.write()
    scribe.committed([("shop/b", None, service(A))])
    now[0] += 3600  # another worker's entry that comes late
    recorder.write()
    moves = told()
    assert [move.name for move in moves] == ["a", "b"]
    assert moves[0].at <= moves[1].at


def test_several_registries_are_read_as_one(store: Client, recorder: Recorder) -> None:
    ids = ["one", "two", "three"]
    for one in ids:
        FeedWriter(store, keys.feed(keys.registry(one)), epoch=1).open()
    for number in range(300):
        name = f"shop/s{number}"
        Chronicler(ids[number % 3], recorder=recorder).committed([(name, None, service(A))])
        if number % 7 == 0:
            recorder.write()
    recorder.write()
    found = chronicle.recent(ids, limit=1_000)
    assert len({(move.registry_id, move.id) for move in found}) == 300
    times = [move.at for move in found]
    assert times == sorted(times, reverse=True)
    assert chronicle.recent(ids, limit=7) == found[:7]
    older = chronicle.recent(ids, limit=1_000, before=found[10].at)
    assert older == [move for move in found if move.at < found[10].at]
    assert chronicle.recent([], limit=5) == []


def test_one_service_is_found_among_many(feed: Client, recorder: Recorder) -> None:
    scribe = Chronicler(ID, recorder=recorder)
    for round_ in range(2):
        for number in range(900):
            was, now = (service(A), service(B)) if round_ else (None, service(A))
            scribe.committed([(f"shop/s{number}", was, now)])
        recorder.write()
    assert [move.kind for move in chronicle.recent([ID], service="shop/s5", limit=9)] == [
        Kind.MOVED,
        Kind.APPEARED,
    ]
    assert chronicle.recent([ID], service="shop/none", limit=9) == []


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({"text": "WEB-2"}, 1),
        ({"text": "10.0.0.1"}, 2),
        ({"text": 'a"b\\'}, 1),
        ({"text": "shop"}, 3),
        ({"text": "namespace"}, 0),
        ({"prefix": "shop/w"}, 1),
        ({"prefix": "sho"}, 3),
        ({"services": {ID: ["shop/web", "shop/api"]}}, 2),
        ({"services": {ID: []}}, 0),
        ({"services": {"other": []}}, 3),
        ({"services": {ID: ["shop/web"]}, "text": "web-2"}, 0),
    ],
)
def test_what_is_looked_for_is_found(
    options: dict[str, object], number: int, feed: Client, recorder: Recorder
) -> None:
    Chronicler(ID, recorder=recorder).committed(
        [
            ("shop/web", None, service(A)),
            ("shop/api", None, service(A, B)),
            ("shop/odd", None, service(node("10.0.0.9", pod='A"b\\c'))),
        ]
    )
    recorder.write()
    steps = chronicle.walk({ID: "+"}, **options)  # type: ignore[arg-type]
    assert len([step for step in steps if step.move]) == number


def test_since_when_an_address_is_as_it_is(feed: Client, recorder: Recorder) -> None:
    scribe = Chronicler(ID, recorder=recorder)

    def commit(*pairs: tuple[str, wire.Service | None, wire.Service | None]) -> int:
        time.sleep(0.005)
        scribe.committed(pairs)
        recorder.write()
        return told()[-1].at

    old = node("10.0.0.9")
    first = commit(("shop/web", service(old), service(old, A)))
    second = commit(("shop/web", service(old, A), service(old, A, B)))
    commit(("shop/api", service(old), service()))
    assert chronicle.since(ID, "shop", "web") == {"10.0.0.1": first, "10.0.0.2": second}
    gone = service(old, B)
    commit(("shop/web", service(old, A, B), gone))
    assert chronicle.since(ID, "shop", "web") == {"10.0.0.2": second}
    third = commit(("shop/web", gone, service(old, B, A)))
    assert chronicle.since(ID, "shop", "web") == {"10.0.0.1": third, "10.0.0.2": second}
    assert chronicle.since(ID, "shop", "none") == {}


def test_since_does_not_look_beyond_a_gap(
    feed: Client, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scribe = Chronicler(ID, recorder=recorder)
    scribe.committed([("shop/web", service(), service(A))])
    recorder.write()
    monkeypatch.setattr(recording, "WAITING", 0)
    scribe.committed([("shop/web", service(A), service(B))])
    recorder.write()
    assert chronicle.since(ID, "shop", "web") == {}


def test_entries_of_a_newer_release_are_passed_over(feed: Client, recorder: Recorder) -> None:
    feed.xadd(keys.moves(OWNER), {"service": "shop/web", "move": "[1]"})
    Chronicler(ID, recorder=recorder).committed([("shop/web", None, service(A))])
    recorder.write()
    assert [move.service for move in told()] == ["shop/web"]
