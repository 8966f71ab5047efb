"""script/up as a newcomer meets it: one command, the article's answer, and back to silence."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from .checkout import Checkout, Up

HOST = "sd.httpbin.org"
IDS = (
    "from registries.models import Registry; from gateways.models import Gateway;"
    " from applications.models import Api;"
    " print([str(row.pk) for model in (Registry, Gateway, Api) for row in model.objects.all()])"
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def answers(checkout: Checkout, wanted: Callable[[int, set[str]], bool], *, seconds: float) -> bool:
    """Whether status and the pods of thirty requests in a row become as wanted in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = [checkout.get("gateway", "/anything", HOST) for _ in range(30)]
        if len({status for status, _ in seen}) == 1 and wanted(
            seen[0][0], {pod for _, pod in seen}
        ):
            return True
    return False


def test_one_command_answers_follows_the_cluster_and_keeps_its_data(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    first = up()
    first.await_line("Portolan is up.")
    assert checkout.get("gateway", "/anything", HOST)[0] == 200
    assert checkout.get("console", "/login/")[0] == 200
    assert answers(checkout, lambda status, pods: status == 200 and len(pods) == 3, seconds=60)

    checkout.scale(5)
    assert answers(checkout, lambda status, pods: status == 200 and len(pods) == 5, seconds=60)
    checkout.scale(0)
    assert answers(checkout, lambda status, pods: status == 503, seconds=60)
    checkout.scale(3)
    assert answers(checkout, lambda status, pods: status == 200 and len(pods) == 3, seconds=60)

    ids = checkout.manage("shell", "--no-imports", "-c", IDS)
    assert len(ids.split(",")) == 3

    again = checkout.run("script/up", *checkout.options)
    assert again.returncode == 1
    assert "running from this folder already" in again.stderr

    assert first.stop(signal.SIGTERM) < 20
    assert first.process.returncode == 0
    assert checkout.await_silence(15) == []
    assert not (checkout.folder / "var/run/database_url").exists()

    second = up()
    second.await_line("Portolan is up.")
    assert checkout.manage("shell", "--no-imports", "-c", IDS) == ids
    assert "shown only this once" in first.text
    assert "shown only this once" not in second.text
    assert second.stop(signal.SIGINT) < 20
    assert checkout.await_silence(15) == []


def test_the_log_and_the_command_lines_keep_secrets(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    run = up("--empty")
    run.await_line("Portolan is up.")
    names = ("postgres_password", "redis_password", "traefik_password", "secret_key", "secrets.key")
    secrets = [(checkout.folder / "var" / name).read_text().strip() for name in names]
    said = run.text + "".join(word for one in checkout.processes() for word in one.cmdline())
    assert not [secret for secret in secrets if secret in said]
