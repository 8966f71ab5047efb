"""What hosts, paths, methods and the like must look like; used by models, forms and REST alike."""

from __future__ import annotations

import ipaddress
import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
# What a URL path may hold unquoted (RFC 3986 pchar and the slash) and percent-quoted bytes.
_PATH = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE")


def validate_host(value: str) -> None:
    """A DNS name, perhaps with ``*.`` in front. Its letters' case means nothing."""
    if len(value) > 253 or not _HOST.fullmatch(value.lower()):
        raise ValidationError(
            _("“%(value)s” is not a host name such as shop.example.org or *.example.org."),
            params={"value": value},
        )


def validate_path(value: str) -> None:
    if not value.startswith("/"):
        raise ValidationError(_("A path starts with “/”."))
    if len(value) > 4096 or not _PATH.fullmatch(value):
        raise ValidationError(_("“%(value)s” is not a URL path."), params={"value": value})


def validate_method(value: str) -> None:
    if value not in METHODS:
        raise ValidationError(
            _("“%(value)s” is not a method; choose among %(methods)s."),
            params={"value": value, "methods": ", ".join(METHODS)},
        )


def validate_target_host(value: str) -> None:
    """An IP address or a DNS name that a gateway can send requests to."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        if value.startswith("*") or not _HOST.fullmatch(value.lower()):
            raise ValidationError(
                _("“%(value)s” is neither an IP address nor a host name."),
                params={"value": value},
            ) from None


def validate_label(value: str) -> None:
    if not re.fullmatch(r"[\w.:/=-]{1,63}", value):
        raise ValidationError(
            _("“%(value)s” is not a label: up to 63 letters, digits and . : / = _ -"),
            params={"value": value},
        )


def validate_plugins(value: object) -> None:
    """A map from a plugin's name to its configuration, as the gateway knows them."""
    if not isinstance(value, dict) or not all(
        isinstance(name, str) and isinstance(config, dict) for name, config in value.items()
    ):
        raise ValidationError(_('Plugins are an object: {"name": {…configuration…}}.'))
