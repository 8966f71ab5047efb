"""What goes wrong at a start, or later, ends in a sentence and with nothing left running."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

import psutil
import pytest

from .checkout import Checkout, Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_taken_port_is_named_with_the_option_that_changes_it(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", checkout.ports["gateway"])):
        done = checkout.run("script/up", *checkout.options)
    assert done.returncode == 1
    assert f"Port {checkout.ports['gateway']} on 127.0.0.1" in done.stderr
    assert "--gateway-port" in done.stderr
    assert checkout.await_silence(15) == []


def test_a_child_that_ends_ends_the_house_with_its_name(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    run = up("--empty")
    run.await_line("Portolan is up.")
    assert "practice" not in run.text
    child("traefik", run).kill()
    run.process.wait(30)
    assert run.process.returncode == 1
    assert "traefik has ended (signal SIGKILL)" in run.text
    assert checkout.await_silence(15) == []


def test_nothing_survives_when_the_supervisor_is_killed(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    run = up()
    run.await_line("Portolan is up.")
    run.stop(signal.SIGKILL)
    assert checkout.await_silence(20) == []

    # A killed run leaves its notes behind; the next start is none the worse for them.
    after = up()
    after.await_line("Portolan is up.")


def test_a_stop_in_the_middle_of_the_start_is_obeyed(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    run = up()
    run.await_line("postgres |")
    assert run.stop(signal.SIGTERM) < 20
    assert checkout.await_silence(15) == []


def child(name: str, run: Up) -> psutil.Process:
    found = [one for one in psutil.Process(run.process.pid).children() if one.name() == name]
    assert len(found) == 1
    return found[0]
