"""Words and parts of the guided form."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils.translation import gettext as _

from registries import verification
from registries.kube import chain
from registries.kube.preflight import Finding

register = template.Library()

_CA_OF_THE_CLUSTER = (
    "kubectl -n default get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}'"
)
_FINGERPRINT = "openssl x509 -noout -fingerprint -sha256"


@register.simple_tag
def state_word(state: str) -> str:
    """A finding's state for who does not see its icon."""
    return {
        "passed": _("Passed:"),
        "failed": _("Failed:"),
        "noted": _("Note:"),
        "skipped": _("Skipped:"),
    }.get(state, "")


@register.simple_tag
def command_word(step: str, home: str) -> str:
    """What a command of the manifest is for."""
    if step == "home":
        return _("If there is no namespace %(name)s yet:") % {"name": home}
    return _("Apply it:") if step == "apply" else _("Read the token out:")


@register.inclusion_tag("registries/_trial_steps.html")
def trial_steps() -> dict[str, Any]:
    """The steps of a test before anything was found; a script fills them."""
    return {"steps": verification.STEPS}


@register.inclusion_tag("registries/_pin.html")
def pin(finding: Finding, server: str) -> dict[str, Any]:
    """The offer to trust what the server shows, with the ways to make sure of it."""
    [certificate] = chain.read_pem(finding.pin)  # as `chain.anchor` has made it
    if certificate.authority:
        compare = f"{_CA_OF_THE_CLUSTER} | {_FINGERPRINT}"
    else:
        place = urlsplit(server).netloc
        where = place if urlsplit(server).port else f"{place}:443"
        compare = f"openssl s_client -connect {shlex.quote(where)} </dev/null | {_FINGERPRINT}"
    return {
        "certificate": certificate,
        "pin": finding.pin,
        "compare": compare,
        "print_ca": _CA_OF_THE_CLUSTER,
    }
