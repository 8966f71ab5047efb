"""Trying a gateway before it is saved, or while it runs: can it be driven, and does it answer?"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from gateways import drivers
from gateways.drivers.base import Finding
from gateways.models import Gateway
from gateways.tryout.sending import Call, NotSent, send
from gateways.tryout.wording import why


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
    """Any HTTP answer will do: a gateway without routes says 404. It is asked as *Try it* asks:
    redirects are not followed, and addresses that no gateway has are left alone. Nothing of the
    answer is shown but its status."""
    call = Call(
        url=url,
        host=urlsplit(url).netloc.rpartition("@")[2],
        method="GET",
        target="/",
        headers=(("User-Agent", "portolan"),),
    )
    try:
        answer = send(call, allow_loopback=settings.GATEWAYS_ALLOW_LOOPBACK)
    except NotSent as error:
        return Result(
            False,
            _("Nothing answers at %(url)s.") % {"url": url},
            why(error),
            error.detail,
        )
    return Result(True, _("%(url)s answers (%(status)d).") % {"url": url, "status": answer.status})
