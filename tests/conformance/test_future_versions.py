"""Versions that the server has not come to: those of a server that is ahead of it, or of its own
time before it was restored from a backup.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.conformance.api import Answer, Api

NOT_OLDER = {"resourceVersionMatch": "NotOlderThan"}
EXACT = {"resourceVersionMatch": "Exact"}
TOO_LARGE = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}


def future(space) -> str:
    return str(int(space.put_slices("a")) + 1_000_000)


def check_too_large(answer: Answer) -> None:
    assert answer.failure == (504, "Timeout")
    assert "Too large resource version: " in answer.json["message"]
    assert answer.json["details"] == {"causes": [TOO_LARGE], "retryAfterSeconds": 1}
    assert answer.headers["Retry-After"] == "1"


def test_neither_limit_nor_selector_nor_match_rule_makes_a_difference(target, space):
    version = future(space)
    ways = [
        {},
        NOT_OLDER,
        {"limit": 1, **NOT_OLDER},
        {"limit": 500, **NOT_OLDER},
        {"limit": 1, "labelSelector": "colour=red", **NOT_OLDER},
    ]
    if target.minor >= 36:
        ways += [EXACT, {"limit": 1, **EXACT}, {"limit": 1}]

    def ask(params: dict[str, object]) -> Answer:
        return Api(target.login).get(space.slices, resourceVersion=version, **params)

    began = time.monotonic()
    with ThreadPoolExecutor(len(ways)) as pool:
        for answer in pool.map(ask, ways):
            check_too_large(answer)
    assert 2 < time.monotonic() - began < 20


def test_one_object_is_waited_for_likewise(space):
    version = future(space)
    check_too_large(space.api.get(space.path("endpointslices", "a"), resourceVersion=version))


def test_a_version_that_comes_in_time_is_waited_for(target, space):
    version = int(space.put_slices("a")) + 1
    late = threading.Timer(1.0, space.label, ("a",), {"x": "y"})
    late.start()
    answer = Api(target.login).get(space.slices, resourceVersion=version, limit=1, **NOT_OLDER)
    late.join()
    assert answer.names == ["a"]
    assert int(answer.version) >= version


def test_not_older_than_the_first_version_is_the_present(space):
    newest = space.put_slices("a", "b")
    space.api.get(space.slices, resourceVersion=newest)
    page = space.api.get(space.slices, resourceVersion="1", limit=1, **NOT_OLDER)
    assert page.names == ["a"]
    rest = space.api.get(space.slices, **{"continue": page.json["metadata"]["continue"]})
    assert (rest.names, rest.version) == (["b"], page.version)
    assert int(page.version) >= int(newest)


def test_a_watch_is_not_even_told_bookmarks(target, space):
    version = future(space)
    watch = space.api.watch(
        space.slices,
        resourceVersion=version,
        allowWatchBookmarks="true",
        timeoutSeconds=target.moment,
    )
    space.label("a", x="y")
    assert list(watch) == []


def test_a_watch_is_told_what_comes_after_its_version(space):
    version = int(space.put_slices("a")) + 3
    watch = space.api.watch(space.slices, resourceVersion=version)
    made = [int(space.label("a", x=str(i))) for i in range(8)]
    after = [one for one in made if one > version]
    told = [int(e["object"]["metadata"]["resourceVersion"]) for e in watch.take(len(after))]
    assert told == after
