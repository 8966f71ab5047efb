"""Old readers beside new writers and the other way round: what came later harms neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from console.contract import wire
from tests.contract.examples import EXAMPLES

GOLDEN = Path(__file__).parent / "golden"

# An upstream as the first version wrote it: nothing of kept nodes.
FIRST = (
    b'{"balance":"consistent_hash","checks":{"active":{"http_path":"/healthz","interval":5}},'
    b'"digest":"5cfaa1ed90982a66","hash_key":"remote_addr","host":"inner.example.org",'
    b'"host_mode":"rewrite","id":"5f0c","name":"shop/default","nodes":[{"host":"10.0.0.1",'
    b'"port":8080,"priority":0,"weight":100,"zone":"zone-a"},{"host":"fd00::1","port":8080,'
    b'"priority":-1,"weight":1,"zone":""}],"observed_at":1764000000123,"retries":0,'
    b'"scheme":"https","timeouts":{"connect":1000,"read":3000,"send":2000},"type":"upstream"}'
)


class FirstUpstream(msgspec.Struct, frozen=True, kw_only=True, tag="upstream"):
    """The struct of the first version."""

    id: str
    name: str
    scheme: str = "http"
    balance: str = "roundrobin"
    hash_key: str = ""
    retries: int | None = None
    timeouts: wire.Timeouts = wire.Timeouts()
    host_mode: str = "pass"
    host: str = ""
    checks: dict[str, Any] = {}
    nodes: tuple[wire.Node, ...] = ()
    digest: str = ""
    observed_at: int = 0


def test_an_old_reader_passes_over_what_is_kept() -> None:
    data = (GOLDEN / "upstream-full.json").read_bytes()
    assert b'"kept_until":' in data
    old = msgspec.json.decode(data, type=FirstUpstream)
    new = EXAMPLES["upstream-full"]
    assert isinstance(new, wire.Upstream)
    assert old.nodes == new.nodes, "kept nodes are nodes like any others"
    assert (old.id, old.checks, old.digest) == (new.id, new.checks, new.digest)


def test_a_new_reader_takes_an_old_state() -> None:
    found = wire.decode_resource(FIRST)
    assert isinstance(found, wire.Upstream)
    assert len(found.nodes) == 2
    assert (found.kept_since, found.kept_until, found.origins) == (0, 0, ())


def test_a_state_of_the_first_version_keeps_its_digest() -> None:
    """Else an upgrade would write every upstream anew."""
    found = wire.decode_resource(FIRST)
    assert wire.digest(found) == found.digest
