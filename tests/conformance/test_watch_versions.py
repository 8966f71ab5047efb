from __future__ import annotations

import pytest


def test_an_expired_version_is_200_and_one_error_event(space, expired):
    space.put_slices("a")
    watch = space.api.watch(space.slices, resourceVersion=expired)
    (event,) = watch
    assert event["type"] == "ERROR"
    status = event["object"]
    assert (status["kind"], status["apiVersion"]) == ("Status", "v1")
    assert (status["status"], status["code"], status["reason"]) == ("Failure", 410, "Expired")
    assert status["message"].startswith(f"too old resource version: {expired} (")


def test_a_future_version_is_200_and_silence(space):
    future = str(int(space.put_slices("a")) + 1_000_000)
    watch = space.api.watch(space.slices, resourceVersion=future, timeoutSeconds=2)
    space.label("a", x="y")
    assert list(watch) == []


def test_a_version_that_is_no_number_is_500(space):
    answer = space.api.get(space.slices, watch="true", resourceVersion="abc")
    assert answer.failure[0] == 500
    assert 'resourceVersion: Invalid value: "abc"' in answer.json["message"]


def test_a_match_rule_is_422_without_initial_events(space):
    answer = space.api.get(
        space.slices, watch="true", resourceVersion="0", resourceVersionMatch="NotOlderThan"
    )
    assert answer.failure == (422, "Invalid")
    causes = answer.json["details"]["causes"]
    assert {cause["field"] for cause in causes} == {"resourceVersionMatch"}


@pytest.mark.parametrize("seconds", ["soon", "1.5"])
def test_a_time_that_is_no_number_is_400(space, seconds):
    answer = space.api.get(space.slices, watch="true", timeoutSeconds=seconds)
    assert answer.failure == (400, "BadRequest")
