"""From resources to what a gateway reads: golden files, one folder a kind."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from gateways.drivers.traefik.keys import flatten
from gateways.drivers.traefik.render import Unsupported, render, rule
from tests.gateways.examples import EXAMPLES, REFUSED, route, upstream, where

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_resource_is_these_objects(name: str) -> None:
    rendered = render(EXAMPLES[name], entry_points=["web"])
    assert rendered == json.loads((GOLDEN / "traefik" / f"{name}.json").read_text())


def test_every_golden_file_has_its_example() -> None:
    assert {path.stem for path in (GOLDEN / "traefik").glob("*.json")} == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_value_is_empty_and_no_segment_is_a_number_but_an_index(name: str) -> None:
    """Traefik passes empty values over, and takes digits for the place in a list."""
    for key, value in flatten(render(EXAMPLES[name], entry_points=["web"])).items():
        assert value
        segments = key.split("/")
        for parent, segment in itertools.pairwise(segments):
            assert not segment.isdigit() or parent == "servers"


@pytest.mark.parametrize("name", REFUSED["traefik"])
def test_what_cannot_be_said_is_refused_with_its_reason(name: str) -> None:
    resource, word = REFUSED["traefik"][name]
    with pytest.raises(Unsupported, match=word):
        render(resource)


def test_a_node_more_leaves_the_keys_of_the_others() -> None:
    one, both = render(upstream(nodes=upstream().nodes[:1])), render(upstream())
    assert flatten(one).items() <= flatten(both).items()


def test_no_entry_point_means_traefiks_own() -> None:
    assert not [key for key in render(route()) if "entryPoints" in key]


def test_one_expression_needs_no_brackets() -> None:
    header = ("header", "equal", "X", "1")
    assert rule(where(header, hosts=(), paths=(), match_any=True)) == "Header(`X`, `1`)"


def test_a_route_of_everything_has_a_rule_too() -> None:
    assert rule(route(hosts=(), paths=())) == "PathPrefix(`/`)"
