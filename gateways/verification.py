"""Trying a gateway before it is saved, or while it runs: can it be driven, and does it answer?"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from gateways import drivers
from gateways.drivers.base import Finding
from gateways.models import Gateway

_TIMEOUT = 3.0  # seconds


@dataclass(frozen=True, slots=True)
class Result:
    """One step in words. `detail` is what a server said (hostile text)."""

    ok: bool
    text: str
    fix: str = ""
    detail: str = ""


def examine(gateway: Gateway) -> list[Result]:
    """Run the driver's steps, then ask the address for any answer. Never raises for what a network
    does; the settings have been validated."""
    found = drivers.check(gateway.kind, gateway.settings, gateway.secret.reveal())
    results = [_in_words(one) for one in found]
    if gateway.url:
        results.append(_ask(gateway.url))
    return results


def _in_words(finding: Finding) -> Result:
    def said(text: str) -> str:
        if not text:
            return ""
        translated = _(text)
        return translated % finding.params if finding.params else translated

    return Result(finding.ok, said(finding.text), said(finding.fix), finding.detail)


def _ask(url: str) -> Result:
    """Any HTTP answer will do: a gateway without routes says 404. Redirects are not followed, and
    nothing of the answer is shown but its status."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
    try:
        connection.request("GET", parts.path or "/", headers={"User-Agent": "portolan"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Result(
            False,
            _("Nothing answers at %(url)s.") % {"url": url},
            _("Check the address, and that the gateway runs and listens there."),
            str(error),
        )
    finally:
        connection.close()
    return Result(True, _("%(url)s answers (%(status)d).") % {"url": url, "status": status})
