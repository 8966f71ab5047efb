"""Asking a cluster, step by step, whether it can be watched."""

from __future__ import annotations

from dataclasses import dataclass

from registries.kube.spec import RegistrySpec


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one step. `field` names the registry's field to blame, `fix` what to do."""

    step: str
    ok: bool
    text: str
    field: str = "server"
    fix: str = ""


def check(spec: RegistrySpec, *, allow_loopback: bool) -> list[Finding]:
    raise NotImplementedError
