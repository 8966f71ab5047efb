"""Trying what can be tried from here: whether Envoys' administration interfaces answer, and
whether those Envoys are this gateway's."""

from __future__ import annotations

from gateways.drivers.base import DriverError, Finding, gettext_noop

from .admin import Admin
from .settings import Settings


def check(settings: Settings, secret: str) -> list[Finding]:
    """Never raises for what a network or a server does."""
    if not settings.admin_urls:
        return [
            Finding(
                "connection",
                True,
                gettext_noop(
                    "Envoys connect to our xDS server by themselves; there is nothing to try from"
                    " here. Those that are connected are among the instances."
                ),
            )
        ]
    return [_answers(url) for url in settings.admin_urls]


def _answers(url: str) -> Finding:
    try:
        answer = Admin(url).server()
    except DriverError as error:
        return Finding(
            "connection",
            False,
            gettext_noop("Envoy's administration interface at %(place)s does not answer."),
            gettext_noop("Check host and port, and that the workers' network reaches it."),
            detail=str(error),
            setting="admin_urls",
            params={"place": url},
        )
    if "state" not in answer:
        return Finding(
            "connection",
            False,
            gettext_noop("What answers at %(place)s is no Envoy."),
            gettext_noop("Give the address of Envoy's administration interface."),
            setting="admin_urls",
            params={"place": url},
        )
    return Finding(
        "connection",
        True,
        gettext_noop("Envoy at %(place)s answers; it is %(state)s."),
        params={"place": url, "state": str(answer["state"])},
    )
