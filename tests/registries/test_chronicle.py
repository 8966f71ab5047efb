"""What nodes did is written down: why, once, and in few words."""

from __future__ import annotations

import msgspec
import pytest
from django.conf import settings

from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from console.redis import Client
from registries import chronicle
from registries.chronicle import Change, Chronicler, Kind, Recorder, What, moves_of
from registries.chronicle import recorder as recording
from registries.endpoints import EndpointStore
from registries.publisher import Publisher
from tests.registries.chronicled import ID, OWNER, A, B, node, service, told
from tests.registries.parts import part
from tests.relay import relay_to


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
