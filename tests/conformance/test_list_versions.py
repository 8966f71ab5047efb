from __future__ import annotations

import time

import pytest

MATCH = "resourceVersionMatch"


@pytest.mark.parametrize("version", [None, "", "0"])
def test_without_a_version_one_gets_the_present(space, version):
    newest = space.put_slices("a")
    params = {} if version is None else {"resourceVersion": version}
    answer = space.api.get(space.slices, **params)
    if version == "0":  # whatever the server has at hand, perhaps a moment old
        assert answer.status == 200
    else:
        assert answer.names == ["a"]
        assert int(answer.version) >= int(newest)


@pytest.mark.parametrize("match", [{}, {MATCH: "NotOlderThan"}])
def test_a_version_means_not_older_than_that(space, match):
    old = space.put_slices("a")
    newest = space.put_slices("b")
    answer = space.api.get(space.slices, resourceVersion=newest, **match)
    assert answer.names == ["a", "b"]
    assert int(answer.version) >= int(newest)
    assert int(space.api.get(space.slices, resourceVersion=old, **match).version) >= int(old)


def test_exactly_a_version_shows_the_past(space):
    version = space.put_slices("a", "b")
    space.drop("endpointslices", "a")
    past = space.api.get(space.slices, resourceVersion=version, **{MATCH: "Exact"})
    assert (past.names, past.version) == (["a", "b"], version)


def test_a_limit_makes_a_version_exact(space):
    version = space.put_slices("a", "b")
    space.drop("endpointslices", "a")
    past = space.api.get(space.slices, resourceVersion=version, limit=9)
    assert (past.names, past.version) == (["a", "b"], version)


def test_exactly_a_compacted_version_is_410(space, compacted):
    answer = space.api.get(space.slices, resourceVersion=compacted, **{MATCH: "Exact"})
    assert answer.failure == (410, "Expired")
    assert answer.json["message"] == "The resourceVersion for the provided list is too old."


def test_a_future_version_is_504_after_a_while(space):
    future = str(int(space.put_slices("a")) + 1_000_000)
    began = time.monotonic()
    answer = space.api.get(space.slices, resourceVersion=future, **{MATCH: "NotOlderThan"})
    assert 2 < time.monotonic() - began < 15
    assert answer.failure == (504, "Timeout")
    assert answer.json["message"].startswith(f"Timeout: Too large resource version: {future}, ")
    details = answer.json["details"]
    assert details["causes"] == [
        {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    ]
    assert (details["retryAfterSeconds"], answer.headers["Retry-After"]) == (1, "1")


@pytest.mark.parametrize("match", [{}, {MATCH: "NotOlderThan"}, {MATCH: "Exact"}])
def test_a_version_that_is_no_number_is_400(space, match):
    answer = space.api.get(space.slices, resourceVersion="abc", **match)
    assert answer.failure == (400, "BadRequest")
    assert "invalid resource version" in answer.json["message"]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({MATCH: "Exact"}, MATCH),
        ({"resourceVersion": "", MATCH: "NotOlderThan"}, MATCH),
        ({"resourceVersion": "0", MATCH: "Exact"}, MATCH),
        ({"resourceVersion": "1", MATCH: "Older"}, MATCH),
        ({"resourceVersion": "1", MATCH: "Exact", "continue": "e30"}, MATCH),
        ({"sendInitialEvents": "true"}, "sendInitialEvents"),
    ],
)
def test_parameters_that_contradict_each_other_are_422(target, space, params, field):
    if field == "sendInitialEvents" and target.minor < 27:
        pytest.skip("the parameter is unknown before 1.27")
    answer = space.api.get(space.slices, **params)
    assert answer.failure == (422, "Invalid")
    assert answer.json["message"].startswith('ListOptions.meta.k8s.io "" is invalid: ')
    details = answer.json["details"]
    assert (details["group"], details["kind"]) == ("meta.k8s.io", "ListOptions")
    assert {cause["field"] for cause in details["causes"]} == {field}
