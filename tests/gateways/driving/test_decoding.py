"""Reading what a feed has: one that cannot be read holds up no other."""

from __future__ import annotations

import pytest

from console.contract import wire
from gateways.driving.decoding import Decoder
from tests.gateways.examples import route, upstream

DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
POISONS = {
    "no JSON": b'{"type":"upstream","id":',
    "another type": b'{"type":"moon","id":"u1","name":"u1"}',
    "deep": b'{"type":"upstream","id":"u1","name":"u1","checks":' + DEEP + b"}",
}


@pytest.mark.parametrize("poison", POISONS.values(), ids=list(POISONS))
def test_what_cannot_be_read_is_named_and_left_out(poison: bytes) -> None:
    decoder = Decoder()
    found = decoder.decode({"upstream/u1": poison, "route/r1": wire.encode(route())})
    assert found == {"route/r1": route()}
    assert decoder.unreadable.keys() == {"upstream/u1"}
    assert "upstream/u1 cannot be read: " in decoder.unreadable["upstream/u1"]


@pytest.mark.parametrize("now", [upstream(), None], ids=["readable", "gone"])
def test_what_comes_again_is_named_no_more(now: wire.Upstream | None) -> None:
    decoder = Decoder()
    decoder.decode({"upstream/u1": b"{", "upstream/u2": b"{"})
    found = decoder.decode({"upstream/u1": wire.encode(now) if now else None})
    assert found == {"upstream/u1": now}
    assert decoder.unreadable.keys() == {"upstream/u2"}
