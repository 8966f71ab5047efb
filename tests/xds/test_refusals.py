"""What an Envoy's refusal does: what it names is named, the rest goes on, and it ends."""

from __future__ import annotations

import pytest

from gateways.drivers.envoy import api

from .talk import Talk, settled


@pytest.fixture
def talk() -> Talk:
    return settled()


def test_a_refusal_that_names_a_resource_is_about_that_one(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "bad", "good")
    answer = talk.next()
    talk.confirm(answer, "Error adding/updating cluster(s) bad: no")
    assert {name for _, name in talk.stream.refused} == {"bad"}
    assert talk.said() == ["cluster +good"], "what became of it was not said"
    talk.confirm(talk.last)
    assert talk.stream.has(api.CLUSTERS, "good")
    assert not talk.stream.has(api.CLUSTERS, "bad")
    talk.put(api.CLUSTERS, "bad", text="mended")
    assert talk.said() == ["cluster +bad"]
    talk.confirm(talk.last)
    assert not talk.stream.refused


def test_a_refusal_that_names_nobody_is_searched_for_its_reason(talk: Talk) -> None:
    names = [f"n{number}" for number in range(20)]
    talk.put(api.ASSIGNMENTS, *names)
    talk.ask(api.ASSIGNMENTS, *names)
    answers = 0
    while (answer := talk.next()) is not None:
        answers += 1
        sent = {one.name for one in answer.resources}
        talk.confirm(answer, "something is wrong" if "n7" in sent else "")
    # By halves: of 20 the bad one is alone after five refusals at the most.
    assert answers <= 1 + 2 * 5
    assert [name for _, name in talk.stream.refused] == ["n7"]
    assert all(talk.stream.has(api.ASSIGNMENTS, name) for name in names if name != "n7")
    assert talk.stream.confirmed_update == talk.update


def test_after_a_refusal_the_next_version_is_sent_and_the_old_one_is_not(talk: Talk) -> None:
    had = talk.stream.has(api.ASSIGNMENTS, "a")
    talk.put(api.ASSIGNMENTS, "a", text="bad")
    talk.confirm(talk.next(), "no")
    assert talk.stream.has(api.ASSIGNMENTS, "a") == had
    assert talk.said() == [], "the same is not tried again"
    assert talk.stream.confirmed_update == talk.update
    talk.put(api.ASSIGNMENTS, "a", text="worse")
    talk.confirm(talk.next(), "no, too")
    assert talk.stream.refused == {(api.ASSIGNMENTS, "a"): "no, too"}
    talk.put(api.ASSIGNMENTS, "a", text="good")
    talk.confirm(talk.next())
    assert not talk.stream.refused


def test_a_version_that_came_while_the_bad_one_was_under_way_is_sent(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="bad")
    answer = talk.next()
    talk.put(api.ASSIGNMENTS, "a", text="good")
    talk.confirm(answer, "no")
    assert talk.said() == ["nodes +a"]
    assert talk.last.resources[0].resource.value == b"a good"


def test_a_refusal_is_over_when_its_reason_is_undone(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "a", text="bad")
    talk.confirm(talk.next(), "no")
    assert talk.stream.refused == {(api.CLUSTERS, "a"): "no"}
    assert talk.said() == ["nodes +a"]
    talk.confirm_all()
    talk.put(api.CLUSTERS, "a", text="1")
    assert talk.said() == [], "Envoy has it as it is"
    assert not talk.stream.refused
    assert talk.stream.confirmed_update == talk.update


def test_a_refusal_that_comes_when_its_reason_is_undone_is_soon_over(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "a", text="bad")
    answer = talk.next()
    talk.put(api.CLUSTERS, "a", text="1")
    talk.confirm(answer, "no")
    talk.said()
    assert not talk.stream.refused


def test_a_refusal_is_over_when_what_was_bad_is_gone(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "bad")
    talk.confirm(talk.next(), "no")
    assert talk.stream.refused
    talk.drop(api.CLUSTERS, "bad")
    assert talk.said() == []
    assert not talk.stream.refused


def test_a_refusal_is_over_when_envoy_leaves_the_name(talk: Talk) -> None:
    talk.put(api.ASSIGNMENTS, "a", text="bad")
    talk.confirm(talk.next(), "no")
    talk.ask(api.ASSIGNMENTS, leaving=("a",))
    assert not talk.stream.refused
    talk.ask(api.ASSIGNMENTS, "a")
    answer = talk.next()
    talk.ask(api.ASSIGNMENTS, leaving=("a",))
    talk.confirm(answer, "no")
    assert not talk.stream.refused, "nobody would ever take it back"


def test_what_is_refused_with_another_is_lacking_since_it_was_sent(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "bad", "good")
    sent = talk.update
    answer = talk.next()
    talk.put(api.CLUSTERS, "good", text="2")
    talk.confirm(answer, "bad: no")
    assert talk.stream.confirmed_update < sent
    assert talk.said() == ["cluster +good"]
    talk.confirm_all()
    assert talk.stream.confirmed_update == talk.update


def test_parts_that_have_changed_back_do_not_hold_up_the_rest(talk: Talk) -> None:
    names = [f"n{number}" for number in range(4)]
    talk.put(api.ASSIGNMENTS, *names)
    talk.ask(api.ASSIGNMENTS, *names)
    talk.settle()
    talk.put(api.ASSIGNMENTS, *names, text="2")
    answer = talk.next()
    first = [one.name for one in answer.resources][:2]
    talk.put(api.ASSIGNMENTS, *first, text="1")
    talk.confirm(answer, "something is wrong")
    assert talk.said() == [f"nodes +{' +'.join(name for name in names if name not in first)}"]


def test_what_envoy_does_not_name_it_may_not_have_taken(talk: Talk) -> None:
    """Envoy stops at the first assignment that it refuses; its sentence ends after 4 kB."""
    names = [f"n{number}" for number in range(20)]
    talk.put(api.ASSIGNMENTS, *names)
    talk.ask(api.ASSIGNMENTS, *names)
    bad = {"n3", "n11", "n12"}
    answers = 0
    while (answer := talk.next()) is not None:
        answers += 1
        sent = [one.name for one in answer.resources]
        refused = [name for name in sent if name in bad]
        talk.confirm(answer, f"{'x' * 600} {refused[0]}: wrong" if refused else "")
    assert answers == 1 + len(bad), "the others go as one"
    assert {name for _, name in talk.stream.refused} == bad
    assert all(talk.stream.has(api.ASSIGNMENTS, name) for name in names if name not in bad)
    assert talk.stream.confirmed_update == talk.update


def test_a_name_is_not_blamed_for_one_that_begins_alike(talk: Talk) -> None:
    talk.put(api.CLUSTERS, "upstream/1", "upstream/12", "my-upstream/12")
    talk.confirm(talk.next(), "Error adding/updating cluster(s) upstream/12: bad.")
    assert {name for _, name in talk.stream.refused} == {"upstream/12"}


def test_a_cluster_stays_while_envoy_refuses_the_routes_away_from_it(talk: Talk) -> None:
    talk.drop(api.CLUSTERS, "a")
    talk.put(api.ROUTES, "all", text="nowhere, and a bad one")
    assert talk.said() == ["routes +all"]
    talk.confirm(talk.last, "bad")
    assert talk.said() == [], "its routes still lead to the cluster"
    talk.put(api.ROUTES, "all", text="nowhere")
    assert talk.said() == ["routes +all"]
    talk.confirm(talk.last)
    assert talk.said() == ["cluster -a"]
