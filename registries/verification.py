"""Asking a cluster before its registry is saved: what it refuses becomes an error at a field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from registries import wording
from registries.kube import preflight
from registries.kube.preflight import Finding
from registries.models import Registry

# What the steps are called; in their order.
STEPS = {
    "dns": lazy("Name"),
    "connection": lazy("Connection"),
    "tls": lazy("TLS"),
    "token": lazy("Authentication"),
    "access": lazy("Permissions"),
    "list": lazy("List"),
    "watch": lazy("Watch"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in the language of who reads it. All but `text` may be empty."""

    text: str
    fix: str = ""
    command: str = ""
    detail: str = ""


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
        text = " ".join(filter(None, (told.text, told.fix, told.command)))
        raise ValidationError({last.field: ValidationError(text, code=last.step)})
    return [tell(one) for one in found]


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
