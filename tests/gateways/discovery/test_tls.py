"""The discovery module comes to Redis by TLS, and only to a server that it can verify."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.gateways.discovery.conftest import PASSWORD, Plane, Server, Start, at, serves, upstream
from tests.threads import eventually
from tests.tlsdoor import TlsDoor, tls_door
from tests.xds.pki import Authority


@pytest.fixture
def door(valkey: Server, tmp_path: Path) -> Iterator[TlsDoor]:
    with tls_door(tmp_path / "door", valkey.port) as found:
        yield found


def redis(door: TlsDoor, **more: object) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": door.port, "password": PASSWORD, "ssl": True} | more


def test_it_follows_the_feed_by_tls(plane: Plane, door: TlsDoor, start: Start) -> None:
    plane.publish(upstream("shop", 80))
    bed = start(
        redis=redis(door, ssl_server_name="localhost"), authority=door.authority.file, workers=2
    )
    serves(bed, "shop", 80)
    for port in (81, 82, 83):
        plane.publish(upstream("shop", port))
        serves(bed, "shop", port)
    # A state of several TLS records.
    plane.publish(upstream("crowd", *range(2_000, 4_000)))
    at(bed, plane.position)
    assert len(bed.look("crowd")["nodes"]) == 2_000
    assert door.entered >= 2


def test_the_address_is_the_name_if_none_is_given(
    plane: Plane, valkey: Server, start: Start, tmp_path: Path
) -> None:
    plane.publish(upstream("shop", 80))
    with tls_door(tmp_path / "door", valkey.port, [x509.DNSName("127.0.0.1")]) as door:
        bed = start(redis=redis(door), authority=door.authority.file)
        serves(bed, "shop", 80, within=15)
        bed.stop()


@pytest.mark.parametrize("why", ["a stranger's", "another name's"])
def test_a_server_that_cannot_be_verified_is_told_nothing(
    plane: Plane, door: TlsDoor, start: Start, tmp_path: Path, why: str
) -> None:
    plane.publish(upstream("shop", 80))
    trusted = door.authority if why == "another name's" else Authority(tmp_path / "theirs")
    name = "another.example.org" if why == "another name's" else "localhost"
    bed = start(redis=redis(door, ssl_server_name=name), authority=trusted.file)
    eventually(lambda: "ssl handshake" in bed.log, within=20)
    status = bed.control("/status")[1]
    assert not status["connected"]
    assert not bed.look("shop")["known"]
    assert PASSWORD not in bed.log


def test_verifying_can_be_left_out(
    plane: Plane, door: TlsDoor, start: Start, tmp_path: Path
) -> None:
    plane.publish(upstream("shop", 80))
    theirs = Authority(tmp_path / "theirs")
    bed = start(redis=redis(door, ssl_verify=False), authority=theirs.file)
    serves(bed, "shop", 80, within=15)
