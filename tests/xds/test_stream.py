"""What one Envoy is sent, in which order, and what its word does. Without a network."""

from __future__ import annotations

import time

import pytest

from gateways.drivers.envoy import api
from gateways.xds.stream import PATIENCE

from .talk import SHORT, Talk, settled


@pytest.fixture
def talk() -> Talk:
    return settled()


def test_one_change_of_nodes_is_one_answer_with_one_name(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="2")
    assert talk.said() == ["nodes +a"]
    confirmed = talk.confirm(talk.last)
    assert [one.name for one in confirmed.fresh] == ["a"]
    assert talk.stream.confirmed_update == talk.update
    assert talk.said() == []


def test_routes_wait_for_new_clusters_and_their_nodes(talk: Talk) -> None:
    talk.put(api.ROUTES, "all", text="to b")
    talk.put(api.CLUSTERS, "b")
    talk.put(api.ASSIGNMENTS, "b")
    assert talk.said() == ["cluster +b"]
    talk.confirm(talk.last)
    assert talk.said() == []
    talk.ask(api.ASSIGNMENTS, "b")
    assert talk.said() == ["nodes +b"]
    talk.confirm(talk.last)
    assert talk.said() == ["routes +all"]


def test_routes_do_not_wait_for_ever(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "b")
    talk.put(api.ROUTES, "all", text="to b")
    assert talk.said() == ["cluster +b"]
    talk.now += PATIENCE + 0.1
    assert talk.said() == ["routes +all"]


def test_a_cluster_goes_after_the_routes_to_it(talk: Talk) -> None:
    talk.drop(api.CLUSTERS, "a")
    talk.put(api.ROUTES, "all", text="nowhere")
    assert talk.said() == ["routes +all"]
    talk.confirm(talk.last)
    assert talk.said() == ["cluster -a"]


def test_nodes_go_with_their_cluster(talk: Talk) -> None:
    """Said before, a cluster that is being made anew would be ready with none."""
    talk.put(api.CLUSTERS, "a", text="2")
    talk.drop(api.ASSIGNMENTS, "a")
    talk.drop(api.CLUSTERS, "a")
    talk.put(api.ROUTES, "all", text="nowhere")
    assert talk.said() == ["routes +all"]
    talk.confirm(talk.last)
    assert talk.said() == ["cluster -a"]
    talk.confirm(talk.last)
    talk.stream.take(api.DeltaRequest(type_url=api.ASSIGNMENTS, resource_names_unsubscribe=["a"]))
    assert talk.said() == []
    assert talk.stream.confirmed_update == talk.update


def test_what_changes_meanwhile_is_sent_once_and_as_it_is_then(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="2")
    first = talk.next()
    for number in range(100):
        talk.put(api.ASSIGNMENTS, "a", text=f"late {number}")
    assert talk.said() == []
    assert talk.stream.confirmed_update < talk.update
    talk.confirm(first)
    answer = talk.next()
    assert [one.resource.value for one in answer.resources] == [b"a late 99"]
    talk.confirm(answer)
    assert talk.stream.confirmed_update == talk.update


def test_what_changes_and_changes_back_is_not_sent(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="2")
    first = talk.next()
    talk.put(api.ASSIGNMENTS, "a", text="3")
    talk.put(api.ASSIGNMENTS, "a", text="2")
    talk.confirm(first)
    assert talk.said() == []


def test_a_changed_cluster_gets_its_nodes_again(talk: Talk) -> None:
    """Without them it would not be ready, and until then Envoy says no word on clusters."""
    talk.put(api.CLUSTERS, "a", text="2")
    assert talk.said() == ["cluster +a", "nodes +a"]


def test_whoever_comes_back_is_sent_what_differs(talk: Talk) -> None:
    versions = {kind: {n: one.version for n, one in talk.held[kind].items()} for kind in SHORT}
    talk.come()
    talk.put(api.CLUSTERS, "b")
    talk.drop(api.CLUSTERS, "a")
    for kind in (api.CLUSTERS, api.LISTENERS):
        talk.ask(kind, "*", versions=versions[kind])
    talk.ask(api.ASSIGNMENTS, "a", versions=versions[api.ASSIGNMENTS])
    talk.ask(api.ROUTES, "all", versions=versions[api.ROUTES])
    assert talk.said() == ["cluster +b -a"]


def test_whoever_comes_back_and_has_everything_is_sent_nothing(talk: Talk) -> None:
    versions = {kind: {n: one.version for n, one in talk.held[kind].items()} for kind in SHORT}
    talk.come()
    for kind in (api.CLUSTERS, api.LISTENERS):
        talk.ask(kind, "*", versions=versions[kind])
    talk.ask(api.ASSIGNMENTS, "a", versions=versions[api.ASSIGNMENTS])
    talk.ask(api.ROUTES, "all", versions=versions[api.ROUTES])
    assert talk.said() == []
    assert talk.stream.confirmed_update == talk.update


def test_an_empty_house_is_an_answer_too() -> None:
    talk = Talk()
    talk.ask(api.CLUSTERS)
    assert talk.said() == ["cluster"]


def test_a_name_that_is_not_there_is_said_to_be_gone(talk: Talk) -> None:
    talk.ask(api.ASSIGNMENTS, "nobody")
    assert talk.said() == ["nodes -nobody"]


def test_a_name_asked_for_again_is_sent_again(talk: Talk) -> None:
    talk.ask(api.ASSIGNMENTS, "a")
    assert talk.said() == ["nodes +a"]


def test_a_change_costs_no_more_for_an_envoy_that_lacks_thousands() -> None:
    def cost(lacking: int) -> float:
        talk = settled()
        talk.put(api.CLUSTERS, *(f"c{number}" for number in range(lacking)))
        talk.next()
        best = float("inf")
        for number in range(20):
            began = time.perf_counter()
            talk.put(api.ASSIGNMENTS, "a", text=str(number))
            assert talk.stream.confirmed_update < talk.update - 1
            best = min(best, time.perf_counter() - began)
        return best

    assert cost(20_000) < 50 * cost(20)


def test_an_answer_to_an_older_question_is_no_answer(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="2")
    answer = talk.next()
    stale = api.DeltaRequest(type_url=api.ASSIGNMENTS, response_nonce="from another life")
    talk.stream.take(stale)
    talk.put(api.ASSIGNMENTS, "a", text="3")
    assert talk.said() == []
    talk.confirm(answer)
    assert talk.said() == ["nodes +a"]


def test_names_that_envoy_leaves_are_not_sent(talk: Talk) -> None:
    leaving = api.DeltaRequest(type_url=api.ASSIGNMENTS, resource_names_unsubscribe=["a"])
    talk.stream.take(leaving)
    talk.put(api.ASSIGNMENTS, "a", text="2")
    assert talk.said() == []


def test_a_crowd_of_names_comes_in_parts(talk: Talk) -> None:
    talk.put(api.CLUSTERS, *(f"c{number}" for number in range(2_500)))
    sizes = []
    while (answer := talk.next()) is not None:
        sizes.append(len(answer.resources))
        talk.confirm(answer)
    assert sum(sizes) == 2_500
    assert max(sizes) <= 1_000
