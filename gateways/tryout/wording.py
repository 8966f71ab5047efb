"""Why there is no answer, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .sending import NotSent


def why(error: NotSent) -> str:
    return {
        "bad_address": _("The gateway's address is not one that requests can be sent to."),
        "dns": _("The name in the gateway's address cannot be resolved."),
        "refused_address": _(
            "The console connects to no such address: it belongs to this machine alone or to its"
            " cloud. GATEWAYS_ALLOW_LOOPBACK allows loopback."
        ),
        "refused": _("Nothing listens at the gateway's address: the connection is refused."),
        "unreachable": _("The gateway's address cannot be reached from the console."),
        "timeout": _("The gateway did not answer in time."),
        "certificate": _("The gateway's certificate is not trusted for this host."),
        "tls": _("The gateway speaks no TLS that the console understands."),
        "no_http": _("What answers at the gateway's address does not speak HTTP, or hung up."),
    }[error.code]
