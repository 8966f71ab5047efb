"""Asking a cluster before its registry is saved: what it refuses becomes an error at a field."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError

from registries.kube import preflight
from registries.models import Registry


def examine(registry: Registry) -> list[preflight.Finding]:
    """Run the preflight: the steps taken, of which only the last can have failed."""
    return preflight.check(
        registry.to_spec(), allow_loopback=settings.REGISTRIES_ALLOW_LOOPBACK_SERVERS
    )


def verify(registry: Registry) -> list[preflight.Finding]:
    """Run the preflight. Raises `ValidationError` at the field of the first finding that failed;
    else returns what was found."""
    findings = examine(registry)
    failed = [finding for finding in findings if not finding.ok]
    if failed:
        first = failed[0]
        text = f"{first.text} {first.fix}".strip()
        raise ValidationError({first.field: ValidationError(text, code=first.step)})
    return findings
