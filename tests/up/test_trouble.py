"""What goes wrong at a start, or later, ends in a sentence and with nothing left running."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable

import psutil
import pytest

from .checkout import Checkout, Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_a_taken_port_is_named_with_the_option_that_changes_it(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", checkout.ports["gateway"])):
        done = checkout.run("script/up", *checkout.options)
    assert done.returncode == 1
    assert f"Port {checkout.ports['gateway']} on 127.0.0.1" in done.stderr
    assert "--gateway-port" in done.stderr
    assert checkout.await_silence(1) == []


def test_a_child_that_ends_ends_the_house_with_its_name(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    run = up("--empty")
    run.await_line("Portolan is up.")
    assert "practice" not in run.text
    child("traefik", run).kill()
    run.process.wait(15)
    assert run.process.returncode == 1
    assert "traefik has ended (signal SIGKILL)" in run.text
    assert checkout.await_silence(1) == []


def test_nothing_survives_when_the_supervisor_is_killed(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    run = up()
    run.await_line("Portolan is up.")
    began = time.monotonic()
    run.stop(signal.SIGKILL)
    assert checkout.await_silence(5) == []
    assert time.monotonic() - began < 6

    # A killed run leaves its notes behind; the next start is none the worse for them.
    after = up()
    after.await_line("Portolan is up.")


def test_a_stop_in_the_middle_of_the_start_is_obeyed(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    run = up()
    run.await_line("postgres |")
    assert run.stop(signal.SIGTERM) < 10
    assert checkout.await_silence(1) == []


def child(name: str, run: Up) -> psutil.Process:
    found = [one for one in psutil.Process(run.process.pid).children() if one.name() == name]
    assert len(found) == 1
    return found[0]
