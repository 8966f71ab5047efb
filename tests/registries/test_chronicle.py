"""What nodes did is written down: why, once, in order, and never at a publisher's cost."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest
from django.conf import settings

from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from console.redis import Client
from registries import chronicle
from registries.chronicle import Change, Chronicler, Kind, Move, Recorder, What, moves_of
from registries.chronicle import recorder as recording
from registries.endpoints import EndpointStore
from registries.publisher import Publisher, erase
from tests.registries.parts import part
from tests.relay import relay_to
from tests.threads import eventually

ID = "tested"
OWNER = keys.registry(ID)


def node(address: str, **conditions: object) -> wire.Endpoint:
    return wire.Endpoint(**{"address": address, "pod": f"web-{address[-1]}"} | conditions)  # type: ignore[arg-type]


def service(*nodes: wire.Endpoint, name: str = "web") -> wire.Service:
    return wire.Service(
        namespace="shop",
        name=name,
        subsets=(wire.Subset(ports=(wire.Port(port=80),), endpoints=nodes),),
    )


def told() -> list[Move]:
    """The chronicle, oldest first."""
    return chronicle.recent([ID], limit=10_000)[::-1]


@pytest.fixture
def feed(store: Client) -> Client:
    """A registry whose feed is there."""
    FeedWriter(store, keys.feed(OWNER), epoch=1).open()
    return store


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(threaded=False)


A, B = node("10.0.0.1"), node("10.0.0.2")


@pytest.mark.parametrize(
    ("before", "after", "words", "counts"),
    [
        ((A,), (A, B), "pod web-2 was added", (1, 2, 1, 2)),
        ((A,), (A, node("10.0.0.2", ready=False)), "web-2 was added, not ready yet", (1, 1, 1, 2)),
        ((A, B), (A,), "pod web-2 was removed", (2, 1, 2, 1)),
        ((A, B), (A, node("10.0.0.2", ready=False)), "web-2 became not ready", (2, 1, 2, 2)),
        ((node("10.0.0.1", ready=False),), (A,), "pod web-1 became ready", (0, 1, 1, 1)),
        (
            (A,),
            (node("10.0.0.1", ready=False, terminating=True),),
            "pod web-1 is terminating",
            (1, 0, 1, 1),
        ),
        (
            (node("10.0.0.1", ready=False, terminating=True),),
            (node("10.0.0.1", ready=False, terminating=True, serving=False),),
            "pod web-1 stopped serving",
            (0, 0, 1, 1),
        ),
        (
            (node("10.0.0.1", ready=False, terminating=True),),
            (A,),
            "pod web-1 is no longer terminating",
            (0, 1, 1, 1),
        ),
        (
            (node("10.0.0.1", pod=""),),
            (node("10.0.0.1", pod="", ready=False),),
            "address 10.0.0.1 became not ready",
            (1, 0, 1, 1),
        ),
        (
            (A,),
            (node("10.0.0.1", pod="web-9"),),
            "pod web-1 was removed, pod web-9 was added",
            (1, 1, 1, 1),
        ),
        ((A, B, node("10.0.0.3")), (A,), "web-2 was removed, pod web-3 was removed", (3, 1, 3, 1)),
        (
            (A, B, node("10.0.0.3")),
            (node("10.0.0.4"),),
            "3 nodes were removed, 1 node was added",
            (3, 1, 3, 1),
        ),
    ],
)
def test_each_kind_of_change_in_words(
    before: tuple[wire.Endpoint, ...],
    after: tuple[wire.Endpoint, ...],
    words: str,
    counts: tuple[int, int, int, int],
) -> None:
    move = moves_of("shop/web", service(*before), service(*after))
    assert move is not None
    assert words in chronicle.cause(move)
    assert (move.ready_before, move.ready_after, move.total_before, move.total_after) == counts


def test_a_service_appears_and_is_deleted() -> None:
    appeared = moves_of("shop/web", None, service(A))
    assert appeared is not None
    assert (appeared.kind, chronicle.cause(appeared)) == (Kind.APPEARED, "the service appeared")
    deleted = moves_of("shop/web", service(A, B), None)
    assert deleted is not None
    assert (deleted.kind, chronicle.cause(deleted)) == (Kind.DELETED, "the service was deleted")
    assert (deleted.ready_before, deleted.ready_after) == (2, 0)
    assert [one.what for one in deleted.changes] == [What.REMOVED] * 2


def test_what_is_no_news_of_nodes_is_none() -> None:
    other_port = wire.Service(
        namespace="shop",
        name="web",
        subsets=(wire.Subset(ports=(wire.Port(port=81),), endpoints=(A,)),),
    )
    assert moves_of("shop/web", service(A), other_port) is None
    assert moves_of("shop/web", None, None) is None


def test_a_node_that_serves_two_sets_of_ports_is_one() -> None:
    twice = wire.Service(
        namespace="shop",
        name="web",
        subsets=tuple(
            wire.Subset(ports=(wire.Port(port=port),), endpoints=(A,)) for port in (80, 81)
        ),
    )
    move = moves_of("shop/web", None, twice)
    assert move is not None
    assert (move.ready_after, move.total_after, len(move.changes)) == (1, 1, 1)


def test_a_move_names_some_changes_and_counts_the_others() -> None:
    many = [wire.Endpoint(address=f"10.0.1.{number}") for number in range(70)]
    move = moves_of("shop/web", service(), service(*many))
    assert move is not None
    assert (len(move.changes), move.left_out, move.total_after) == (50, 20, 70)
    assert chronicle.cause(move) == "50 nodes were added, 20 other changes"


def test_moves_of_one_service_at_once_are_one(feed: Client, recorder: Recorder) -> None:
    scribe = Chronicler(ID, recorder=recorder)
    one, two, three = service(A), service(A, B), service(B)
    scribe.committed([("shop/web", one, two)])
    scribe.committed([("shop/web", two, three), ("shop/api", None, service(A, name="api"))])
    recorder.write()
    web, api = told()
    assert (web.ready_before, web.ready_after) == (1, 1)
    assert [(one.address, one.what) for one in web.changes] == [
        ("10.0.0.1", What.REMOVED),
        ("10.0.0.2", What.ADDED),
    ]
    assert (api.service, api.kind) == ("shop/api", Kind.APPEARED)
    assert (web.registry_id, api.registry_id) == (ID, ID)


def test_what_is_undone_at_once_leaves_no_entry(feed: Client, recorder: Recorder) -> None:
    scribe = Chronicler(ID, recorder=recorder)
    scribe.committed([("shop/web", service(A), service(A, B))])
    scribe.committed([("shop/web", service(A, B), service(A))])
    recorder.write()
    assert told() == []


def test_a_pod_that_was_not_ready_for_a_moment_is_told(feed: Client, recorder: Recorder) -> None:
    scribe = Chronicler(ID, recorder=recorder)
    ready, away = service(A, B), service(node("10.0.0.1", ready=False), B)
    for _ in range(20):
        scribe.committed([("shop/web", ready, away)])
        scribe.committed([("shop/web", away, ready)])
    recorder.write()
    [move] = told()
    assert (move.ready_before, move.ready_after) == (2, 2)
    assert chronicle.cause(move) == "pod web-1 was not ready for a moment"


def test_the_first_reading_of_a_cluster_is_one_entry(store: Client, recorder: Recorder) -> None:
    endpoints, publisher = publisher_of(store, recorder)
    endpoints.replace("", [part(f"s{n}", "10.0.0.1", service=f"s{n}") for n in range(3_000)])
    publisher.publish()
    recorder.write()
    [move] = told()
    assert (move.kind, move.services) == (Kind.FIRST, 3_000)
    assert chronicle.cause(move) == "3000 services were read for the first time"
    endpoints.put(part("s7", "10.0.0.2", service="s7"))
    publisher.publish()
    recorder.write()
    assert [move.service for move in told()] == ["", "shop/s7"]


def test_a_takeover_writes_nothing_if_nothing_changed(store: Client, recorder: Recorder) -> None:
    endpoints, publisher = publisher_of(store, recorder)
    endpoints.replace("", [part("a", "10.0.0.1"), part("b", service="api")])
    publisher.publish()
    endpoints, publisher = publisher_of(store, recorder, epoch=2)
    endpoints.replace("", [part("a", "10.0.0.1"), part("b", service="api")])
    publisher.publish()
    recorder.write()
    assert [move.kind for move in told()] == [Kind.FIRST]
    endpoints, publisher = publisher_of(store, recorder, epoch=3)
    endpoints.replace("", [part("a", "10.0.0.2")])
    publisher.publish()
    recorder.write()
    assert {(move.kind, move.service) for move in told()[1:]} == {
        (Kind.MOVED, "shop/web"),
        (Kind.DELETED, "shop/api"),
    }


def test_a_commit_without_reply_is_told_once(store: Client, recorder: Recorder) -> None:
    with relay_to(settings.REDIS_URL) as (relay, url):
        client = redis.connect(url)
        endpoints, publisher = publisher_of(client, recorder)
        endpoints.replace("", [part("a", "10.0.0.1")])
        publisher.publish()
        endpoints.put(part("a", "10.0.0.2"))
        relay.swallow()
        with pytest.raises(redis.RedisError):
            publisher.publish()
        relay.admit()
        publisher.publish()
        client.close()
    recorder.write()
    assert [move.kind for move in told()] == [Kind.FIRST, Kind.MOVED]


def test_services_that_redis_had_lost_are_one_entry(store: Client, recorder: Recorder) -> None:
    endpoints, publisher = publisher_of(store, recorder)
    endpoints.replace("", [part("a", "10.0.0.1"), part("b", service="api")])
    publisher.publish()
    recorder.write()
    store.flushdb()
    publisher.verify()
    recorder.write()
    [move] = told()
    assert (move.kind, move.services) == (Kind.RESTORED, 2)
    assert chronicle.cause(move) == "2 services were written again: Redis had lost them"


def test_a_thousand_services_at_once_are_one_entry(feed: Client, recorder: Recorder) -> None:
    pairs = [(f"shop/s{n}", service(A, B), service(A)) for n in range(recording.MANY + 1)]
    Chronicler(ID, recorder=recorder).committed(pairs)
    recorder.write()
    [move] = told()
    assert (move.kind, move.services) == (Kind.MANY, recording.MANY + 1)
    assert (move.ready_before, move.ready_after) == (2 * len(pairs), len(pairs))


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
        assert slowest < 0.1, "an answer of Redis is waited for 5 s"
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
    took = eventually(lambda: bool(told()), within=5, what="it is written")
    assert took < 2
    [move] = told()
    assert abs(move.at - time.time() * 1000) < 5_000


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


def test_a_change_is_small() -> None:
    change = Change(address="10.0.0.1", what=What.ADDED, pod="web-1", ready=True)
    assert msgspec.json.encode(change) == b'["10.0.0.1","added","web-1",true]'


def publisher_of(
    client: Client, recorder: Recorder, *, epoch: int = 1
) -> tuple[EndpointStore, Publisher]:
    store = EndpointStore()
    writer = FeedWriter(client, keys.feed(OWNER), epoch=epoch)
    publisher = Publisher(store, writer, chronicler=Chronicler(ID, recorder=recorder))
    publisher.open()
    return store, publisher
