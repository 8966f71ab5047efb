"""Whatever a resource holds: its keys are decoded to what was rendered, or it is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.contract.wire import Expression, Node, Path, Resource, Route, Timeouts, Upstream
from gateways.drivers.traefik import Settings, document, names, preview, unsupported
from gateways.drivers.traefik.keys import assign, flatten
from gateways.drivers.traefik.render import ALWAYS, Unsupported, render
from tests.gateways.examples import EXAMPLES, route, upstream

from .decoder import Frozen, decode

_nasty = st.text(
    st.one_of(
        st.characters(codec="utf-8"), st.sampled_from("/0123456789@,`{} \n\t\x7f\x85\u2028\"'\\")
    ),
    max_size=12,
)
_text = st.one_of(
    _nasty, st.sampled_from(["", "7", "a/b", "a@redis", "{{", "{{ env }}", "A", "a,b"])
)
_ids = st.one_of(_text, st.sampled_from(["u1", "U1", "12", "0b9a", "none"]))
_numbers = st.one_of(st.integers(0, 60_000), st.integers())
_checks = st.dictionaries(
    st.sampled_from(["active", "passive"]),
    st.one_of(
        _text,
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(["http", "https", "tcp", "odd"]),
                "http_path": st.one_of(_text, st.integers()),
                "host": _text,
                "port": st.one_of(st.integers(), _text),
                "timeout": st.one_of(st.floats(), st.integers(), _text),
                "healthy": st.one_of(
                    _text,
                    st.fixed_dictionaries(
                        {},
                        optional={
                            "interval": st.one_of(st.integers(), _text),
                            "http_statuses": st.one_of(_text, st.lists(st.integers(), max_size=2)),
                        },
                    ),
                ),
            },
        ),
    ),
)
_upstreams = st.builds(
    Upstream,
    id=_ids,
    name=_text,
    scheme=st.sampled_from(["http", "https", "grpc"]),
    balance=st.sampled_from(["roundrobin", "least_conn", "ewma", "consistent_hash", "x"]),
    hash_key=st.sampled_from(["", "remote_addr", "http_x"]),
    timeouts=st.builds(Timeouts, connect=_numbers, send=_numbers, read=_numbers),
    host_mode=st.sampled_from(["pass", "node", "rewrite"]),
    host=_text,
    checks=_checks,
    nodes=st.lists(
        st.builds(
            Node,
            host=st.one_of(_text, st.sampled_from(["10.0.0.1", "fd00::1", "node.example.org"])),
            port=st.integers(-1, 70_000),
            weight=st.one_of(st.integers(0, 1000), st.integers()),
            priority=st.integers(-3, 3),
        ),
        max_size=4,
    ).map(tuple),
)
_routes = st.builds(
    Route,
    id=_ids,
    name=_text,
    upstream=_ids,
    hosts=st.lists(_text, max_size=2).map(tuple),
    paths=st.lists(st.builds(Path, path=_text, exact=st.booleans()), max_size=2).map(tuple),
    methods=st.lists(_text, max_size=2).map(tuple),
    strip_prefix=_text,
    rewrite_host=_text,
    retries=st.none() | st.integers(0, 5) | st.integers(),
    redirect_https=st.booleans(),
    expressions=st.lists(
        st.builds(
            Expression,
            subject=st.sampled_from(["header", "query", "cookie", "path"]),
            operator=st.sampled_from(["equal", "regex_match", "present", "x"]),
            name=_text,
            value=_text,
        ),
        max_size=2,
    ).map(tuple),
)


def _nested(objects: dict[str, Any]) -> dict[str, Any]:
    """Objects as a whole configuration."""
    root: dict[str, Any] = {}
    for place, found in objects.items():
        section, name = place.removeprefix("http/").split("/")
        root.setdefault(section, {})[name] = found
    return {"http": root}


@given(st.one_of(_upstreams, _routes))
def test_no_resource_freezes_traefik_or_is_read_otherwise(resource: Resource) -> None:
    try:
        objects = render(resource, entry_points=["web", "alt"])
        keys = flatten(objects)
    except Unsupported:
        return
    assert all(names.object_of(key) in objects for key in keys)
    read = decode({f"traefik/{key}": value for key, value in keys.items()})
    assert read == _nested(objects)


@given(st.one_of(_upstreams, _routes))
def test_a_document_is_what_was_rendered_and_holds_no_command_of_templates(
    resource: Resource,
) -> None:
    try:
        objects = render(resource)
    except Unsupported:
        return
    content = document.join({place: document.text(one) for place, one in objects.items()})
    assert b"{{" not in content
    assert json.loads(content) == _nested(objects)
    assert document.split(b"# a comment\n" + content) == objects
    assert not [sign for sign in content.decode() if sign in "\x7f\x85\u2028\u2029\ufeff"]


@given(st.lists(st.one_of(_upstreams, _routes), max_size=4))
def test_a_preview_never_fails_and_names_what_is_refused(resources: list[Resource]) -> None:
    given = {f"{one.__struct_config__.tag}/{number}": one for number, one in enumerate(resources)}
    for settings in (Settings(redis_url="redis://x"), Settings()):
        found = preview(settings, given)
        assert found.refused.keys() <= given.keys()
        assert found.documents, "never empty"
    for one in resources:
        assert all(isinstance(text, str) for text in unsupported(one))


def test_the_decoder_knows_what_freezes_traefik() -> None:
    good = {"traefik/http/services/a/loadBalancer/passHostHeader": "true"}
    assert decode(good | {"traefik/~portolan": "x", "traefik/http/services/b": ""}) == {
        "http": {"services": {"a": {"loadBalancer": {"passHostHeader": True}}}}
    }
    for key, value in (
        ("http/services/a/loadBalancer/servers/0/weight", "abc"),
        ("httpfoo/x", "1"),
        ("http/services/7/loadBalancer/passHostHeader", "true"),
        ("http/routers/a/unknown", "1"),
    ):
        with pytest.raises(Frozen):
            decode(good | {f"traefik/{key}": value})


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdefgh")))
def test_nodes_that_stay_keep_their_slots(before: list[str], after: list[str]) -> None:
    slots = assign(assign([], before), after)
    assert sorted(filter(None, slots)) == sorted(after)
    for place, url in enumerate(before):
        if url in after:
            assert slots[place] == url
    assert len(slots) <= max(len(before), len(after))


def test_nothing_that_equals_a_default_takes_a_key() -> None:
    """Reading a tree costs the square of its keys (see docs/gateways/traefik.md)."""
    found = flatten(render(upstream()) | render(route()))
    shared = [key for key in found if "serversTransports" in key]
    assert len(found) - len(shared) == 1 + 2 + 3


def test_every_kind_of_example_has_its_word_on_what_is_lost() -> None:
    assert unsupported(EXAMPLES["route"]) == []
    [text] = unsupported(route(plugins={"limit-req": {}}))
    assert "limit-req" in text
    [text] = unsupported(upstream(checks={"passive": {"type": "http"}}))
    assert "passive" in text
    assert ALWAYS


def test_health_checks_are_told_as_traefik_has_them() -> None:
    checks = {
        "active": {
            "type": "https",
            "http_path": "/healthz",
            "host": "inner.example.org",
            "port": 9000,
            "timeout": 1.5,
            "healthy": {"interval": 2, "http_statuses": [204]},
            "unhealthy": {"interval": 5},
        }
    }
    objects = render(upstream(checks=checks))
    assert objects["http/services/u1-portolan"]["loadBalancer"]["healthCheck"] == {
        "scheme": "https",
        "path": "/healthz",
        "hostname": "inner.example.org",
        "port": 9000,
        "interval": "2000ms",
        "unhealthyInterval": "5000ms",
        "timeout": "1500ms",
        "status": 204,
        "followRedirects": False,
    }
    assert unsupported(upstream(checks=checks)) == []
