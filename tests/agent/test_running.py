"""What an agent is told and what it may: its configuration, its secrets, its rights."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import NoPermissionError

from console import redis
from console.contract import keys
from gateways.agent.config import ConfigError, load
from tests.agent.conftest import PASSWORD, RULE, Agent
from tests.threads import eventually

VALUES = {
    "REDIS_URL": "redis://agent@127.0.0.1/0",
    "CONTROL_PLANE": "5bb0a6cb-2f3a-4cc4-9d63-0a2a4b6f2f7e",
    "GATEWAY": "0d0ce0f6-7f0a-4d0c-8d8b-1f3e5bb0a6cb",
    "KIND": "traefik",
    "SETTINGS": '{"redis_url": "redis://127.0.0.1/2"}',
}


def environment(**more: str) -> dict[str, str]:
    return {f"PORTOLAN_AGENT_{name}": value for name, value in (VALUES | more).items()}


def test_once_gives_everything_and_ends(agent: Agent) -> None:
    agent.publish()
    done = agent.run("--once")
    assert done.returncode == 0, done.stderr
    assert agent.has(RULE)


def test_check_says_step_by_step(agent: Agent) -> None:
    agent.publish()
    done = agent.run("--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the feed may be read: it is at 1-1" in done.stdout
    assert "NOT OK" not in done.stdout
    assert agent.store.hlen(keys.instances(keys.gateway(agent.id))) == 0
    wrong = agent.run("--check", REDIS_PASSWORD="wrong-wrong")
    assert wrong.returncode == 1
    assert "NOT OK: Redis" in wrong.stdout
    assert "wrong-wrong" not in wrong.stdout + wrong.stderr


def test_its_user_may_not_read_what_is_anothers(agent: Agent) -> None:
    other = keys.feed(keys.control_plane("00000000-0000-0000-0000-000000000000"))
    client = redis.connect(agent.store_url.replace("@", f":{PASSWORD}@"))
    mine = keys.instances(keys.gateway(agent.id))
    refused: list[Any] = [
        lambda: client.hmget(other.meta, ["seq"]),
        lambda: client.xread({other.changes: "0-0"}),
        lambda: client.hset(agent.feed.states, "route/r1", "{}"),
        lambda: client.hset(keys.instances(keys.gateway("another")), "x", "{}"),
        lambda: client.hgetall(mine),
        lambda: client.get(keys.lease(keys.gateway(agent.id))),
        lambda: client.keys("*"),
        lambda: client.flushdb(),
    ]
    try:
        for attempt in refused:
            with pytest.raises(NoPermissionError):
                attempt()
        client.hset(mine, "x", "{}")
    finally:
        client.close()


def test_runs_once_a_gateway_on_a_machine(agent: Agent) -> None:
    agent.publish()
    agent.start()
    agent.gets(RULE)
    again = agent.run("--once")
    assert again.returncode == 2
    assert "runs already" in again.stderr


def test_secrets_are_in_no_log_and_no_argument(agent: Agent) -> None:
    agent.publish()
    child = agent.start(LOG_LEVEL="DEBUG")
    agent.gets(RULE)
    line = Path(f"/proc/{child.pid}/cmdline").read_bytes()
    eventually(lambda: bool(agent.instances), within=20)
    agent.end(child)
    failing = agent.start(SECRET=":canary-4712", REDIS_PASSWORD="canary-4713")
    eventually(lambda: "failing" in agent.log, within=20, what=agent.log)
    agent.end(failing)
    for secret in (PASSWORD, agent.secret[1:], "canary-4712", "canary-4713"):
        assert secret not in agent.log
        assert secret.encode() not in line


def test_the_last_good_state_is_for_its_owner_alone(agent: Agent) -> None:
    agent.publish()
    agent.start()
    path = agent.folder / "state" / f"{agent.id}.last-good"
    eventually(path.exists, within=20)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header = json.loads(path.read_bytes().partition(b"\n")[0])
    assert header["control_plane"] == agent.plane
    assert header["position"] == "1-1"


def test_a_file_of_secrets_and_one_of_settings(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("user:p:w\n")
    file = tmp_path / "agent.toml"
    file.write_text(
        f"""
        redis_url = "rediss://agent@redis.example.org:6380/0"
        control_plane = "{VALUES["CONTROL_PLANE"]}"
        gateway = "{VALUES["GATEWAY"]}"
        kind = "traefik"
        secret_file = "{secret}"
        file_folders = ["/etc/traefik/dynamic"]
        [settings]
        redis_url = "redis://127.0.0.1/2"
        """
    )
    config = load(file, {"PORTOLAN_AGENT_REDIS_PASSWORD": "p w"})
    assert config.secret == "user:p:w"
    assert config.store_url == "rediss://agent:p%20w@redis.example.org:6380/0"
    assert "p:w" not in repr(config)
    assert set(config.unspeakable) == {"user:p:w", "p:w", "p w"}


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"GATEWAY": "x"}, "gateway"),
        ({"KIND": "nginx"}, "kind"),
        ({"REDIS_URL": "http://x"}, "redis_url"),
        ({"SETTINGS": "{"}, "SETTINGS"),
        ({"SETTINGS": '{"redis_url": "nonsense"}'}, "settings.redis_url"),
        ({"SECRET_FILE": "/nowhere/at/all"}, "secret_file"),
    ],
)
def test_what_does_not_fit_is_named(more: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load(None, environment(**more))


def test_secrets_do_not_belong_into_the_file(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('secret = "pw"')
    with pytest.raises(ConfigError, match="secret_file"):
        load(file, environment())


def test_a_folder_that_cannot_be_written_is_named(agent: Agent) -> None:
    blocked = agent.folder / "blocked"
    blocked.write_text("a file")
    done = agent.run("--once", STATE_FOLDER=str(blocked / "state"))
    assert done.returncode == 2
    assert "state_folder" in done.stderr
    assert os.path.isfile(blocked)
