"""Every option does what it says."""

from __future__ import annotations

import time

from console.local import with_database
from console.redis import connect
from tests.gateways.discovery.conftest import PASSWORD, Plane, Server, Start, serves, upstream
from tests.threads import eventually


def test_another_database(valkey: Server, start: Start) -> None:
    url = with_database(valkey.url, 5)
    client = connect(url)
    try:
        plane = Plane(client)
        plane.publish(upstream("shop", 80))
        bed = start(redis_url=url, control_plane=plane.id)
        serves(bed, "shop", 80)
        plane.publish(upstream("shop", 81))
        serves(bed, "shop", 81)
    finally:
        client.close()


def test_a_unix_socket(plane: Plane, valkey: Server, start: Start) -> None:
    plane.publish(upstream("shop", 80))
    bed = start(redis={"unix_socket": str(valkey.socket), "password": PASSWORD})
    serves(bed, "shop", 80)
    assert bed.control("/status")[1]["redis"] == str(valkey.socket)


def test_tls_is_never_left_out(plane: Plane, valkey: Server, start: Start) -> None:
    """Debian's client is too old for it; to connect in plain text would tell the password."""
    plane.publish(upstream("shop", 80))
    bed = start(redis={"host": "127.0.0.1", "port": valkey.port, "password": PASSWORD, "ssl": True})
    eventually(lambda: "knows no TLS" in bed.log)
    assert not bed.look("shop")["known"]


def test_how_long_an_answer_may_take(plane: Plane, valkey: Server, start: Start) -> None:
    plane.publish(upstream("shop", 80))
    bed = start(
        redis={"host": "127.0.0.1", "port": valkey.port, "password": PASSWORD, "timeout": 500},
        workers=1,
    )
    serves(bed, "shop", 80)
    began = time.monotonic()
    valkey.client.execute_command("CLIENT", "PAUSE", "3000", "ALL")
    eventually(lambda: "trouble" in bed.control("/status")[1], within=15)
    assert time.monotonic() - began < 2.9  # with the default it would not be noticed
    eventually(lambda: "trouble" not in bed.control("/status")[1], within=15)


def test_how_long_a_request_waits(plane: Plane, start: Start) -> None:
    """The feed was never published."""
    for wait, least in ((0, 0.0), (5000, 4.9)):
        bed = start(first_state_wait=wait)
        eventually(lambda b=bed: b.control("/status")[1]["connected"])
        began = time.monotonic()
        assert bed.get("shop")[0] == 503
        assert time.monotonic() - began >= least
        if not wait:
            assert time.monotonic() - began < 4
        bed.stop()
