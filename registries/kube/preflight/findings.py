"""What one step found, in texts that are translated where they are shown."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from registries.kube.chain import Certificate
from registries.kube.errors import KubeError, gettext_noop

_NOT_TRIED = gettext_noop("Not tried: it could only fail by what failed before.")


class State(StrEnum):
    RUNNING = "running"  # announced; what it finds comes next
    PASSED = "passed"
    NOTED = "noted"  # worth knowing, no obstacle
    FAILED = "failed"
    SKIPPED = "skipped"  # could only fail by what failed before


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one step.

    `text` and `fix` are marked with `gettext_noop` and may name `params`; both may be empty where
    `code` says what is the matter (`registries.wording`). `detail` is a sentence of
    `registries.kube.errors` and may hold a server's words. `command` can be copied into a shell.
    `field` names the registry's field to blame. `pin` is the PEM of the certificate that could be
    trusted, if none of the shown `certificates` is.
    """

    step: str
    state: State
    text: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    code: str = ""
    detail: str = ""
    fix: str = ""
    command: str = ""
    field: str = "server"
    certificates: tuple[Certificate, ...] = ()
    pin: str = ""

    @property
    def ok(self) -> bool:
        return self.state is not State.FAILED

    def __str__(self) -> str:
        return self.text % self.params if self.text else self.detail


def passed(step: str, text: str, **params: str | int) -> Finding:
    return Finding(step=step, state=State.PASSED, text=text, params=params)


def failed(step: str, error: KubeError) -> Finding:
    return Finding(
        step=step, state=State.FAILED, code=error.code, detail=error.text, field=error.field
    )


def skipped(step: str) -> Finding:
    return Finding(step=step, state=State.SKIPPED, text=_NOT_TRIED)


def since(began: float) -> int:
    """Milliseconds since a moment of the monotonic clock."""
    return round((time.monotonic() - began) * 1000)
