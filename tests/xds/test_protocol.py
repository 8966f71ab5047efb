"""Corners of the delta protocol, as Envoy's documentation and source have them."""

from __future__ import annotations

import pytest

from gateways.drivers.envoy import api
from gateways.xds.stream import MOST_UNDER_WAY, PATIENCE, WARMING

from .talk import Talk, settled


@pytest.fixture
def talk() -> Talk:
    return settled()


def test_who_leaves_everything_is_sent_nothing_but_what_it_named(talk: Talk) -> None:
    talk.ask(api.CLUSTERS, "a")
    talk.said()
    talk.confirm_all()
    talk.ask(api.CLUSTERS, leaving=("*",))
    talk.put(api.CLUSTERS, "b")
    assert talk.said() == []
    talk.put(api.CLUSTERS, "a", text="2")
    assert talk.said() == ["cluster +a", "nodes +a"]


def test_who_leaves_all_that_it_named_is_not_told_of_everything(talk: Talk) -> None:
    talk.come()
    talk.ask(api.CLUSTERS, "a")
    talk.settle()
    talk.ask(api.CLUSTERS, leaving=("a",))
    talk.put(api.CLUSTERS, "b")
    talk.put(api.CLUSTERS, "a", text="2")
    assert talk.said() == []


def test_who_asks_for_everything_later_is_sent_everything(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "b", "c")
    talk.come()
    talk.ask(api.CLUSTERS, "a")
    assert talk.settle()[0] == "cluster"
    talk.ask(api.CLUSTERS, "*")
    assert talk.said() == ["cluster +b +c"]


def test_who_asks_for_everything_later_is_told_if_there_is_nothing() -> None:
    talk = Talk()
    talk.ask(api.CLUSTERS, "a")
    assert talk.said() == ["cluster -a"]
    talk.confirm(talk.last)
    talk.ask(api.CLUSTERS, "*")
    assert talk.said() == ["cluster"]


def test_a_name_left_by_who_has_everything_is_told_as_it_is(talk: Talk) -> None:
    """It cannot know otherwise whether the name is among everything."""
    talk.ask(api.CLUSTERS, "a", "nobody")
    talk.said()
    talk.confirm_all()
    talk.ask(api.CLUSTERS, leaving=("a", "nobody"))
    assert talk.said() == ["cluster +a -nobody", "nodes +a"]
    talk.confirm_all()
    talk.put(api.CLUSTERS, "a", text="2")
    assert talk.said() == ["cluster +a", "nodes +a"]


def test_a_word_on_what_was_left_meanwhile_is_not_remembered(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="2")
    answer = talk.next()
    talk.ask(api.ASSIGNMENTS, leaving=("a",))
    talk.confirm(answer)
    assert not talk.stream.has(api.ASSIGNMENTS, "a")
    talk.put(api.ASSIGNMENTS, "a", text="3")
    assert talk.said() == []
    assert talk.stream.confirmed_update == talk.update
    talk.ask(api.ASSIGNMENTS, "a")
    assert talk.said() == ["nodes +a"]


def test_versions_of_names_that_nobody_asks_for_mean_nothing(talk: Talk) -> None:
    talk.come()
    talk.ask(api.ASSIGNMENTS, "a", versions={"a": "old", "b": "x"})
    assert talk.said() == ["nodes +a"]
    talk.put(api.ASSIGNMENTS, "b")
    assert talk.said() == []


def test_what_is_gone_when_an_envoy_comes_back_is_removed(talk: Talk) -> None:
    had = {**talk.versions(api.CLUSTERS), "gone": "x"}
    talk.come()
    talk.ask(api.CLUSTERS, versions=had)
    assert talk.said() == ["cluster -gone"]
    nodes = talk.versions(api.ASSIGNMENTS)
    talk.ask(api.ASSIGNMENTS, "a", "gone", versions={**nodes, "gone": "x"})
    talk.confirm(talk.last)
    assert talk.said() == ["nodes -gone"]


def test_a_name_that_springs_into_existence_is_sent(talk: Talk) -> None:
    talk.ask(api.ASSIGNMENTS, "later")
    assert talk.said() == ["nodes -later"]
    talk.confirm(talk.last)
    talk.put(api.ASSIGNMENTS, "later")
    assert talk.said() == ["nodes +later"]


def test_one_request_may_answer_and_ask(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "b")
    talk.put(api.ASSIGNMENTS, "a", text="2")
    answer = talk.next()
    said = talk.ask(api.ASSIGNMENTS, "b", nonce=answer.nonce)
    assert [one.name for one in said.fresh] == ["a"]
    assert talk.said() == ["nodes +b"]


def test_a_request_with_an_old_nonce_asks_all_the_same(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "b")
    assert talk.ask(api.ASSIGNMENTS, "b", nonce="1") is None
    assert talk.said() == ["nodes +b"]
    talk.ask(api.ASSIGNMENTS, nonce="1")
    assert talk.stream.confirmed_update < talk.update, "the word on it has not come"
    talk.confirm(talk.last)
    assert talk.stream.confirmed_update == talk.update


def test_a_name_that_is_asked_for_again_is_lacking_since_it_changed(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="2")
    first = talk.next()
    talk.put(api.ASSIGNMENTS, "a", text="3")
    changed = talk.update
    talk.put(api.ASSIGNMENTS, "elsewhere")
    talk.ask(api.ASSIGNMENTS, "a")
    talk.confirm(first)
    assert talk.stream.confirmed_update < changed
    second = talk.next()
    assert [one.name for one in talk.confirm(second).fresh] == ["a"], "its lag is measured"
    assert talk.stream.confirmed_update == talk.update


def test_who_comes_has_confirmed_nothing_until_it_has_what_it_lacks(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "b")
    talk.come()
    talk.ask(api.CLUSTERS)
    assert talk.stream.confirmed_update < 0
    talk.said()
    talk.put(api.CLUSTERS, "c")
    assert talk.stream.confirmed_update < 0
    talk.confirm_all()
    assert talk.stream.confirmed_update == talk.update - 1


@pytest.mark.parametrize("kind", [api.ASSIGNMENTS, api.ROUTES])
def test_who_names_nothing_asks_for_everything_only_where_that_is_usual(
    talk: Talk, kind: str
) -> None:
    talk.come()
    talk.ask(kind)
    assert talk.said() == []
    talk.ask(kind, "*")
    assert len(talk.said()) == 1


def test_a_cluster_that_was_changed_while_envoy_was_away_gets_its_nodes(talk: Talk) -> None:
    """It comes back with the newest nodes, but makes the cluster anew."""
    clusters, nodes = talk.versions(api.CLUSTERS), talk.versions(api.ASSIGNMENTS)
    talk.put(api.CLUSTERS, "a", text="2")
    talk.come()
    talk.ask(api.CLUSTERS, versions=clusters)
    assert talk.said() == ["cluster +a"]
    talk.ask(api.ASSIGNMENTS, "a", versions=nodes)
    assert talk.said() == ["nodes +a"]


def test_a_changed_cluster_gets_nodes_that_changed_with_it_once(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="2")
    talk.put(api.CLUSTERS, "a", text="2")
    assert talk.said() == ["cluster +a", "nodes +a"]
    talk.confirm_all()
    assert talk.said() == []


def test_routes_wait_for_the_word_on_clusters_which_envoy_keeps_until_they_are_ready(
    talk: Talk,
) -> None:
    talk.put(api.CLUSTERS, "a", text="2")
    cluster = talk.next()
    talk.put(api.ROUTES, "all", text="2")
    assert talk.said() == ["nodes +a"]
    talk.confirm(talk.last)
    assert talk.said() == []
    talk.confirm(cluster)
    assert talk.said() == ["routes +all"]


def test_further_clusters_do_not_wait_long_for_one_that_is_not_ready(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "slow")
    slow = talk.next()
    talk.put(api.CLUSTERS, "b")
    assert talk.said() == []
    talk.now += WARMING
    assert talk.said() == ["cluster +b"]
    for number in range(10):
        talk.put(api.CLUSTERS, f"c{number}")
        talk.now += WARMING
        talk.said()
    assert len(talk.open) == MOST_UNDER_WAY
    talk.confirm(slow)
    assert talk.stream.has(api.CLUSTERS, "slow")
    assert len(talk.said()) == 1, "all that is left in one answer"


def test_what_changes_back_while_it_is_under_way_is_sent_back(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "a", text="2")
    first = talk.next()
    talk.put(api.CLUSTERS, "a", text="1")
    talk.now += WARMING
    second = talk.next()
    while second.type_url != api.CLUSTERS:
        second = talk.next()
    assert second.resources[0].resource.value == b"a 1"
    talk.confirm(first)
    talk.confirm(second)
    assert talk.stream.has(api.CLUSTERS, "a") == talk.held[api.CLUSTERS]["a"].version


def test_the_patience_of_routes_begins_when_they_wait(talk: Talk) -> None:
    """A cluster that was not ready for long is no reason not to wait for the next one."""
    talk.put(api.CLUSTERS, "slow")
    slow = talk.next()
    talk.now += 2 * PATIENCE
    assert talk.said() == []
    talk.put(api.CLUSTERS, "b")
    talk.put(api.ROUTES, "all", text="to b")
    assert talk.said() == ["cluster +b"]
    talk.now += PATIENCE / 2
    assert talk.said() == []
    talk.now += PATIENCE
    assert talk.said() == ["routes +all"]
    talk.confirm(talk.last)
    talk.put(api.ROUTES, "all", text="again")
    assert talk.said() == [], "and anew for the next ones"
    talk.confirm(slow)


def test_types_that_nobody_knows_are_passed_over(talk: Talk) -> None:
    assert talk.ask("type.googleapis.com/envoy.service.runtime.v3.Runtime", "x") is None
    assert talk.said() == []
