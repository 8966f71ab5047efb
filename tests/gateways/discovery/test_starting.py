"""Before anything is known nothing is answered; the last good state in a file makes it known."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gateways.conftest import Serve
from tests.gateways.discovery.bed import Bed
from tests.gateways.discovery.conftest import Plane, Server, Start, at, serves, upstream
from tests.threads import eventually


def kept(file: Path) -> dict:
    """The first line of the file: which state it has."""
    return json.loads(file.read_text().partition("\n")[0]) if file.exists() else {}


def test_nothing_is_ready_before_a_first_state(plane: Plane, valkey: Server, start: Start) -> None:
    valkey.stop()
    bed = start()
    status, found = bed.control("/ready")
    assert (status, found["ready"]) == (503, False)
    assert bed.get("any", "/status/ready")[0] == 503
    status, body = bed.get("shop")
    assert status == 503
    assert f"nothing is known yet of control plane {plane.id}" in body
    valkey.start()
    plane.publish_all()  # nothing, and that is known then
    eventually(lambda: bed.get("any", "/status/ready")[0] == 200, within=20)
    at(bed, plane.position, within=20)
    assert bed.control("/ready")[0] == 200
    assert "there is no upstream shop" in bed.get("shop")[1]


def test_a_feed_that_was_never_published_is_not_ready(plane: Plane, start: Start) -> None:
    bed = start(first_state_wait=0)
    eventually(lambda: bed.control("/status")[1]["connected"])
    assert bed.get("any", "/status/ready")[0] == 503
    plane.publish(upstream("shop", 80))
    serves(bed, "shop", 80)
    assert bed.get("any", "/status/ready")[0] == 200


def test_a_restart_without_redis(
    plane: Plane, valkey: Server, start: Start, serve: Serve, tmp_path: Path
) -> None:
    port, file = serve("127.0.0.1"), tmp_path / "last-good"
    plane.publish(upstream("shop", port), upstream("none"), upstream("cart", 81))
    plane.publish(upstream("cart", 82))
    bed = start(file=file)
    serves(bed, "shop", port)
    eventually(lambda: kept(file).get("seq") == 2)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "secret" not in file.read_text()
    bed.stop()
    valkey.stop()
    bed.start()
    assert bed.get("any", "/status/ready")[0] == 200
    assert bed.get("shop")[0] == 200
    assert bed.get("none")[0] == 503
    serves(bed, "cart", 82)
    status = bed.control("/status")[1]
    assert status["from_file"]
    assert status["position"] == "1-2"
    # Back, and empty: nothing is taken away until the compiler has published again.
    valkey.start()
    eventually(lambda: bed.control("/status")[1]["connected"], within=20)
    serves(bed, "cart", 82)
    plane.publish_all(upstream("cart", 84))
    serves(bed, "cart", 84, within=20)
    eventually(lambda: not bed.look("shop")["known"])


def test_a_restart_reads_only_what_it_missed(plane: Plane, start: Start, tmp_path: Path) -> None:
    file = tmp_path / "last-good"
    plane.publish(upstream("shop", 80), upstream("cart", 81))
    bed = start(file=file)
    serves(bed, "shop", 80)
    eventually(lambda: kept(file).get("seq") == 1)
    bed.stop()
    plane.publish(upstream("shop", 82))
    # What only a reading of all states would find.
    plane.client.hset(plane.keys.states, "upstream/cart", b'{"nodes":[]}')
    bed.start()
    serves(bed, "shop", 82)
    serves(bed, "cart", 81)


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("127.0.0.1 80", "127.0.0.9 80"),
        lambda text: "nonsense\n" + text,
        lambda text: text.replace('"portolan":1', '"portolan":2'),
    ],
    ids=["empty", "torn", "altered", "another beginning", "another format"],
)
def test_a_harmed_file_is_ignored(
    plane: Plane, valkey: Server, start: Start, tmp_path: Path, harm: Callable[[str], str]
) -> None:
    file = tmp_path / "last-good"
    bed = with_file(plane, start, file)
    bed.stop()
    harmed = harm(file.read_text())
    assert harmed != file.read_text()
    file.write_text(harmed)
    valkey.stop()
    (bed.folder / "error.log").unlink()
    bed.start()
    assert bed.get("any", "/status/ready")[0] == 503
    assert bed.log.count(f"{file} is not used") == 1
    valkey.start()
    plane.publish_all(upstream("shop", 85))
    serves(bed, "shop", 85, within=20)
    eventually(lambda: kept(file).get("seq") == plane.writer.seq)


def test_another_control_planes_file_is_ignored(
    plane: Plane, valkey: Server, start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "last-good"
    with_file(plane, start, file).stop()
    other = Plane(valkey.client)
    bed = start(file=file, control_plane=other.id)
    assert "it is of another control plane" in bed.log
    assert not bed.look("shop")["known"]


def test_a_file_that_cannot_be_written_is_said_once(plane: Plane, start: Start) -> None:
    plane.publish(upstream("shop", 80))
    bed = start(file=Path("/proc/portolan/last-good"))
    serves(bed, "shop", 80)
    for port in (81, 82):
        plane.publish(upstream("shop", port))
        serves(bed, "shop", port)
    eventually(lambda: bed.log.count("cannot keep the last good state") == 1)


def with_file(plane: Plane, start: Start, file: Path) -> Bed:
    plane.publish(upstream("shop", 80), upstream("cart", 81))
    bed = start(file=file)
    serves(bed, "shop", 80)
    eventually(lambda: kept(file).get("seq") == plane.writer.seq)
    return bed
