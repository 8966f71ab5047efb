"""What a driver is: the part of the house that knows one kind of gateway.

A driver keeps what it has applied, so that a change costs what changed. `plan` decides and touches
nothing; `apply` touches and decides nothing. No driver knows another, none knows Django.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from console.contract.wire import Resource

# State key of the control plane's feed → resource; None: it is gone.
Changes = Mapping[str, Resource | None]


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogues. It is translated where it is shown: a driver knows no
    language."""
    return text


class DriverError(Exception):
    """The gateway did not take it. `code` is for programs and for the words of pages
    (`gateways.wording`); `permanent`: the same again will fail again."""

    def __init__(self, message: str, *, code: str = "", permanent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.permanent = permanent


class BadSetting(ValueError):
    """A setting that does not fit, named. `text` is marked with `gettext_noop` and may name
    `params`; empty `setting`: it is about none of them alone."""

    def __init__(self, setting: str, text: str, **params: str) -> None:
        super().__init__(text % params if params else text)
        self.setting = setting
        self.text = text
        self.params = params


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one step of a driver's `check`. Texts are marked with `gettext_noop` and may
    name `params`; `detail` is what a server said (hostile text), `setting` the one to blame, or
    ``secret``."""

    step: str
    ok: bool
    text: str
    fix: str = ""
    detail: str = ""
    setting: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an `apply` did. `written` counts the gateway's own objects or keys; `refused` names
    resources that this kind cannot express, with the reason."""

    written: int
    refused: Mapping[str, str] = field(default_factory=dict)


class Driver(Protocol):
    def start(self) -> None:
        """Learn what the gateway has now and whether it can be driven. Raises `DriverError`."""

    def replace(self, resources: Mapping[str, Resource]) -> Applied:
        """Make the gateway have exactly these of ours. Raises `DriverError`."""

    def apply(self, changes: Changes) -> Applied:
        """Make the gateway follow these changes. Raises `DriverError`."""

    def touch(self) -> None:
        """Called every few seconds while there is nothing to apply: make sure that the gateway
        still has what it was given, and remind it of changes that it could have missed. Raises
        `DriverError`."""

    def describe(self) -> dict[str, Any]:
        """What this driver has applied, for people: no secrets."""
