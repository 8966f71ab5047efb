from __future__ import annotations

import gzip
import json

from tests.conformance.space import slice_of


def test_a_large_list_is_compressed_if_wanted(space):
    for i in range(4):
        many = [f"10.{i}.{j // 250}.{j % 250 + 1}" for j in range(1000)]
        space.make("endpointslices", slice_of(f"s{i}", many))
    plain = space.api.get(space.slices)
    packed = space.api.get(space.slices, headers={"Accept-Encoding": "gzip"})
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.raw) < len(plain.raw) / 5
    assert json.loads(gzip.decompress(packed.raw))["items"] == plain.json["items"]


def test_a_small_answer_is_not_compressed(space):
    answer = space.api.get(space.slices, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] is None


def test_a_watch_is_not_compressed(space):
    version = space.put_slices("a")
    watch = space.api.watch(
        space.slices, resourceVersion=version, headers={"Accept-Encoding": "gzip"}
    )
    assert watch.response.headers["Content-Encoding"] is None


def test_answers_are_json_that_nobody_may_keep(space):
    headers = space.api.get(space.slices).headers
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-cache, private"
    assert headers["Audit-Id"]
    assert headers["X-Kubernetes-Pf-Flowschema-Uid"]


def test_a_type_that_is_not_made_is_406(space):
    answer = space.api.get(space.slices, headers={"Accept": "text/csv"})
    assert answer.status == 406
    assert answer.json["reason"] == "NotAcceptable"


def test_a_body_of_an_unknown_type_is_415(space):
    answer = space.api.post(space.slices, b"x", headers={"Content-Type": "text/plain"})
    assert answer.failure == (415, "UnsupportedMediaType")
