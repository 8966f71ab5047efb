"""What a driver is: the part of the house that knows one kind of gateway.

A kind is a package beside this file with these names:

* ``Settings``: a msgspec struct; its annotations carry the words of the forms.
* ``build(settings, secret) -> Driver``: makes the gateway follow. It keeps what it has applied, so
  that a change costs what changed. Rendering decides and touches nothing; `Driver.apply` touches
  and decides nothing.
* ``preview(settings, resources) -> Preview``: what a gateway would be given. Pure.
* ``check(settings, secret) -> list[Finding]``: can it be driven? Step by step.
* ``reader(settings, secret) -> Reader``: what the gateway itself says that it has.
* ``joining(settings, place) -> str``: what the gateway's own configuration has to say, ready to
  copy; empty if nothing. It holds no secret: places for those, and for addresses that only the
  gateway's people know, are in capitals. Pure.

No driver knows another, none knows Django.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from console.contract.wire import Resource, Upstream

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


class Outlived(DriverError):
    """A newer driver, of this `epoch`, has the gateway."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"A newer driver (epoch {epoch}) has this gateway.", code="fenced")
        self.epoch = epoch


class NotAsked(DriverError):
    """The gateway is spared a question now; it may be asked a little later."""

    def __init__(self) -> None:
        super().__init__("The gateway is asked later.", code="later")


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
    resources that this kind cannot express, with the reason (`reasons.reason`). `left` counts what
    is still to be written: an `apply` of changes writes these, as many as it writes at once, and
    nothing else; one of none writes a little of what is left, the newest changes first. Whoever
    drives calls it until nothing is. `rest`: seconds that the gateway needs until it uses what was
    written, if it builds everything anew for any change: more than one change in that time would
    only wait in it."""

    written: int
    refused: Mapping[str, str] = field(default_factory=dict)
    left: int = 0
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Preview:
    """What a gateway of this kind is given. `documents` are its own objects by their names there
    (a path of the Admin API, a key below a tree's root, an xDS type and name), each made of JSON's
    types; `refused` names resources that this kind cannot express, with the reason."""

    documents: Mapping[str, Any]
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gateway belongs. `document` is the address at which this console serves what a
    gateway fetches by HTTP."""

    gateway_id: str
    control_plane_id: str
    name: str
    document: str


@dataclass(frozen=True, slots=True)
class Process:
    """A running gateway that answered. `id` is the same each time it does."""

    id: str
    hostname: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """What a gateway uses of ours, by the keys of the control plane's feed. `upstreams`: the
    addresses ``host:port`` that requests are sent to, sorted; `routes`: those it has."""

    upstreams: Mapping[str, tuple[str, ...]]
    routes: frozenset[str] = frozenset()


class Reader(Protocol):
    """Asks a gateway, never changes it. Used beside a driver, from other threads and processes.
    Each method raises `DriverError` if the gateway does not answer; None: with these settings it
    cannot be asked for that."""

    def processes(self) -> list[Process]:
        """Which processes answer; empty if the settings name no address that could."""

    def documents(self) -> Mapping[str, Any] | None:
        """Our objects as the gateway has them, named and shaped as in `Preview`."""

    def served(self) -> Served | None:
        """What the gateway uses now, all of it. With thousands of resources a great question."""

    def confirms(self, upstream: Upstream) -> bool | None:
        """Whether the gateway sends requests to exactly these nodes; costs one small question.
        Raises `NotAsked` where that would be too much right now: nothing is known then, and a False
        is always the gateway's own word."""

    def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class PartReader(Reader, Protocol):
    """A reader of a gateway that can be asked for a few resources, whatever it has."""

    def served_of(self, resources: Mapping[str, Resource]) -> Served | None:
        """What the gateway uses of these now, by some small questions for each; None: with these
        settings it tells only all at once. Raises `DriverError`."""


class Driver(Protocol):
    """`pulled`: the gateway fetches what it is to have by itself. Such a driver writes nothing; it
    names what its kind cannot express, and instances say how the gateway stands."""

    pulled: ClassVar[bool]

    def start(self, *, epoch: int = 0) -> None:
        """Learn what the gateway has now and whether it can be driven. `epoch` is the driver's
        fence: it grows with each owner, and where a gateway's store can compare, a lower one is
        refused. Raises `DriverError`."""

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        """Make the gateway have exactly these of ours, or begin to. `keep`: keys of resources that
        nobody can read now; of these it keeps what it has. Raises `DriverError`."""

    def apply(self, changes: Changes) -> Applied:
        """Make the gateway follow these changes. Raises `DriverError`."""

    def touch(self) -> Mapping[str, str] | None:
        """Called every few seconds, whether or not there is anything to apply: make sure that the
        gateway still has what it was given, and remind it of changes that it could have missed.
        Return all that is refused now, if that has changed by what was found. Raises
        `DriverError`."""

    def describe(self) -> dict[str, Any]:
        """What this driver has applied, for people: no secrets."""
