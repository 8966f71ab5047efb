"""The servers from wheels: what they let whom do, and ports that are remembered."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from console.embedded import certificate, ports
from console.embedded.errors import StartError
from console.embedded.postgres import STOP, Postgres
from console.embedded.process import spawn
from console.embedded.valkey import GATEWAY_USER, Valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "valkey", ports.free(), "house", "guest")
    server.prepare()
    child = spawn(server.command())
    server.wait(lambda: None)
    yield server
    child.terminate()
    child.wait(10)


def test_traefik_may_read_its_tree_and_nothing_else(valkey: Valkey) -> None:
    with (
        Redis.from_url(valkey.url(2)) as house,
        Redis(port=valkey.port, db=2, username=GATEWAY_USER, password="guest") as guest,
    ):
        house.set("traefik/http/x", "1")
        house.set("portolan:secret", "2")
        assert guest.mget("traefik/http/x") == [b"1"]
        guest.pubsub().psubscribe("__keyspace*:traefik*")
        for forbidden in (
            lambda: guest.mget("portolan:secret"),
            lambda: guest.set("traefik/http/x", "3"),
            lambda: guest.config_get("*"),
            lambda: guest.flushdb(),
            lambda: guest.keys("*"),
        ):
            with pytest.raises(NoPermissionError):
                forbidden()


def test_valkey_asks_for_its_password_and_keeps_it_off_its_file(valkey: Valkey) -> None:
    with (
        Redis(port=valkey.port) as stranger,
        pytest.raises(AuthenticationError),
    ):
        stranger.ping()
    file = valkey.folder / "valkey.conf"
    assert "house" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_valkey_sends_events_for_traefik_and_refuses_rather_than_forgets(valkey: Valkey) -> None:
    with Redis.from_url(valkey.url()) as house:
        assert set("Kh") == set(house.config_get("notify-keyspace-events").popitem()[1])
        assert house.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert house.config_get("appendonly")["appendonly"] == "yes"


@pytest.mark.slow
def test_postgres_asks_for_its_password_and_keeps_its_data(folder: Path) -> None:
    server = Postgres(folder / "postgres", ports.free(), "house", durable=False)
    for round_ in range(2):
        server.prepare()
        child = spawn(server.command(), user=server.user, on_our_death=STOP)
        server.wait(lambda: None)
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (round int)")
            connection.execute("INSERT INTO kept VALUES (%s)", [round_])
            rows = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert rows == (round_ + 1,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url().replace("house", "wrong"))
        child.send_signal(STOP)
        child.wait(10)


def test_data_of_another_postgres_is_refused_with_a_way_out(tmp_path: Path) -> None:
    server = Postgres(tmp_path, 1, "house")
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(StartError, match="made by PostgreSQL 12"):
        server.prepare()


def test_a_folder_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(StartError, match="cannot be used"):
        Postgres(tmp_path / "taken", 1, "house").prepare()


def test_a_port_is_remembered_until_somebody_else_has_it(tmp_path: Path) -> None:
    path = tmp_path / "port"
    first = ports.remembered(path)
    assert ports.remembered(path) == first
    with socket.create_server(("127.0.0.1", first)):
        second = ports.remembered(path)
    assert second != first
    assert ports.remembered(path) == second


def test_a_free_port_is_one_that_nobody_gets_by_chance() -> None:
    """Not one of those that Linux gives to whoever asks for any, and no port twice."""
    lowest, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    found = [ports.free() for _ in range(50)]
    assert len(set(found)) == 50
    assert max(found) < max(int(lowest), 30_000)


def test_a_wanted_port_is_a_port(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="from 1 to 65535"):
        ports.demand("127.0.0.1", 70_000, purpose="the console", option="--console-port")
    with pytest.raises(StartError, match="no address of this machine"):
        ports.demand("no.such.host.invalid", 8000, purpose="the console", option="--host")


def test_a_certificate_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    crt, key = tmp_path / "crt", tmp_path / "key"
    certificate.ensure(crt, key, name="localhost")
    made = crt.read_bytes()
    certificate.ensure(crt, key, name="localhost")
    assert crt.read_bytes() == made
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
