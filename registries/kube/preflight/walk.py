"""All steps in their order: quickly for a program, closely for a person."""

from __future__ import annotations

from collections.abc import Iterator

from registries.kube.client import READ_TIMEOUT, Client
from registries.kube.spec import RegistrySpec

from .findings import Finding, State, skipped
from .scopes import Scopes
from .way import Way

STEPS = ("dns", "connection", "tls", "token", "access", "list", "watch")
_AFTER_THE_WAY = STEPS[4:]
_PATIENCE = 10.0  # seconds that somebody who looks on waits for one answer


def check(spec: RegistrySpec, *, allow_loopback: bool) -> list[Finding]:
    """Take the steps quickly, up to the first that fails; never raises for what a cluster or a
    network does."""
    found = []
    client = Client(spec, allow_loopback=allow_loopback, patience=READ_TIMEOUT)
    try:
        for finding in _steps(client, spec, closely=False):
            if finding.state is not State.RUNNING:
                found.append(finding)
            if not finding.ok:
                break
    finally:
        client.close()
    return found


def walk(spec: RegistrySpec, *, allow_loopback: bool) -> Iterator[Finding]:
    """Take all steps, each announced by a finding that is `State.RUNNING`. Never raises for what a
    cluster or a network does."""
    client = Client(spec, allow_loopback=allow_loopback, patience=_PATIENCE)
    try:
        yield from _steps(client, spec, closely=True)
    finally:
        client.close()


def _steps(client: Client, spec: RegistrySpec, *, closely: bool) -> Iterator[Finding]:
    for finding in Way(client, spec, closely=closely).steps():
        yield finding
        broken = not finding.ok or finding.state is State.SKIPPED
    if broken:
        yield from (skipped(step) for step in _AFTER_THE_WAY)
    else:
        yield from Scopes(client, spec, closely=closely).steps()
