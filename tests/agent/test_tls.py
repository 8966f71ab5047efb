"""An agent comes to Redis by TLS, and only to the server that its authority vouches for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from django.conf import settings

from tests.agent.conftest import PASSWORD, RULE, Agent
from tests.threads import eventually
from tests.tlsdoor import TlsDoor, tls_door
from tests.xds.pki import Authority

REDIS = urlsplit(settings.REDIS_URL).port or 6379


@pytest.fixture
def door(tmp_path: Path) -> Iterator[TlsDoor]:
    with tls_door(tmp_path / "door", REDIS) as found:
        yield found


def test_it_drives_and_reports_by_tls(agent: Agent, door: TlsDoor) -> None:
    agent.publish()
    agent.start(REDIS_URL=door.url(agent.user))
    agent.gets(RULE)
    eventually(lambda: [one.by for one in agent.instances] == ["agent"], within=20, what=agent.log)
    assert door.entered
    elsewhere = str(agent.folder / "another")
    checked = agent.run("--check", REDIS_URL=door.url(agent.user), STATE_FOLDER=elsewhere)
    assert checked.returncode == 0, checked.stdout


def test_a_server_that_nobody_vouches_for_is_told_nothing(
    agent: Agent, door: TlsDoor, tmp_path: Path
) -> None:
    theirs = Authority(tmp_path / "theirs")
    done = agent.run("--check", REDIS_URL=door.url(agent.user, authority=theirs.file))
    assert done.returncode == 1
    assert "NOT OK: Redis" in done.stdout
    assert "certificate verify failed" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    assert door.entered == 0


def test_a_server_of_another_name_is_told_nothing(agent: Agent, tmp_path: Path) -> None:
    with tls_door(tmp_path / "door", REDIS, [x509.DNSName("another.example.org")]) as door:
        done = agent.run("--check", REDIS_URL=door.url(agent.user))
        assert done.returncode == 1
        assert "NOT OK: Redis" in done.stdout
        assert "localhost" in done.stdout
        assert door.entered == 0
