"""Asking a cluster before its registry is saved: what it refuses becomes an error at a field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from registries import wording
from registries.kube import preflight
from registries.kube.preflight import Finding, State
from registries.models import Registry

# What the steps are called; in their order.
STEPS = {
    "dns": lazy("DNS"),
    "connection": lazy("TCP"),
    "tls": lazy("TLS"),
    "token": lazy("Authentication"),
    "access": lazy("Permissions"),
    "list": lazy("List"),
    "watch": lazy("Watch"),
}
# The better states first: a step has the state of the worst of its findings.
_WORST = (State.PASSED, State.NOTED, State.SKIPPED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in the language of who reads it. All but `text` may be empty."""

    text: str
    fix: str = ""
    command: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A finding with its words, for a template."""

    finding: Finding
    told: Told


@dataclass(frozen=True, slots=True)
class Stage:
    """All findings of one step; its state is that of the worst."""

    step: str
    label: Any
    state: State
    rows: tuple[Row, ...]


def walk(registry: Registry) -> Iterator[Finding]:
    """Ask the cluster step by step, for somebody who looks on (`preflight.walk`)."""
    return preflight.walk(
        registry.to_spec(), allow_loopback=settings.REGISTRIES_ALLOW_LOOPBACK_SERVERS
    )


def verify(registry: Registry) -> list[Told]:
    """Run the preflight quickly. Raises `ValidationError` at the field of the finding that failed;
    else tells what was found."""
    found = preflight.check(
        registry.to_spec(), allow_loopback=settings.REGISTRIES_ALLOW_LOOPBACK_SERVERS
    )
    if found and not found[-1].ok:
        last, told = found[-1], tell(found[-1])
        text = " ".join(filter(None, (told.text, told.detail, told.fix, told.command)))
        raise ValidationError({last.field: ValidationError(text, code=last.step)})
    return [tell(one) for one in found]


def stages(findings: Iterable[Finding]) -> list[Stage]:
    """The findings by their steps."""
    found: dict[str, list[Finding]] = {step: [] for step in STEPS}
    for finding in findings:
        if finding.state is not State.RUNNING:
            found[finding.step].append(finding)
    return [
        Stage(
            step,
            STEPS[step],
            max((one.state for one in of_step), key=_WORST.index, default=State.SKIPPED),
            tuple(Row(one, tell(one)) for one in of_step),
        )
        for step, of_step in found.items()
    ]


def tell(finding: Finding) -> Told:
    """Put a finding into words. What it does not say itself, the words of its code say."""
    words = wording.WORDS.get(finding.code)
    if finding.text:
        text = _(finding.text) % finding.params
    else:
        text = f"{words.headline}." if words else finding.detail
    fix = _(finding.fix) % finding.params if finding.fix else str(words.fix if words else "")
    command = finding.command or (words.command if words else "")
    detail = "" if text == finding.detail else finding.detail
    return Told(text, fix, command, detail)
