"""The bytes of the contract. A golden file that has to change means readers that have to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.contract import wire
from tests.contract.examples import EXAMPLES

GOLDEN = Path(__file__).parent / "golden"


def decode(data: bytes, name: str) -> wire.Service | wire.Resource:
    return wire.decode_service(data) if name.startswith("service") else wire.decode_resource(data)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_state_is_these_bytes(name: str) -> None:
    assert wire.encode(EXAMPLES[name]) == (GOLDEN / f"{name}.json").read_bytes().rstrip(b"\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_bytes_are_read_as_that_state(name: str) -> None:
    assert decode((GOLDEN / f"{name}.json").read_bytes(), name) == EXAMPLES[name]


def test_every_golden_file_has_its_example() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_fields_from_the_future_are_passed_over(name: str) -> None:
    def strange(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strange(one) for key, one in value.items()} | {"future": [1]}
        return [strange(one) for one in value] if isinstance(value, list) else value

    plain = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes())
    content = {key: plain.pop(key) for key in ("checks", "plugins") if key in plain}
    future = {**strange(plain), **content}  # whatever is in there is ours to keep
    assert decode(msgspec.json.encode(future), name) == EXAMPLES[name]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"null", b"[]", b'{"name":"x"}', b'{"type":"listener"}', b"\xff"]
)
def test_what_is_no_state_is_a_decode_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        wire.decode_service(data)
    with pytest.raises(msgspec.DecodeError):
        wire.decode_resource(data)


def test_every_struct_of_the_wire_is_in_an_example() -> None:
    structs = {
        value
        for value in vars(wire).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value is not msgspec.Struct
    }
    assert structs == {type(one) for example in EXAMPLES.values() for one in _parts(example)}


def _parts(value: object) -> list[object]:
    if isinstance(value, msgspec.Struct):
        inner = [part for name in value.__struct_fields__ for part in _parts(getattr(value, name))]
        return [value, *inner]
    if isinstance(value, tuple):
        return [part for one in value for part in _parts(one)]
    return []


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_field_is_said(name: str) -> None:
    """A reader in another language needs to know no defaults."""
    example = EXAMPLES[name]
    said = msgspec.json.decode(wire.encode(example))
    assert list(said) == sorted(said)
    assert said.keys() - {"type"} == set(example.__struct_fields__)


def test_a_zero_that_is_no_default_is_said() -> None:
    """No retries is not the gateway's own number of retries."""
    assert b'"retries":0' in wire.encode(EXAMPLES["upstream-full"])
