"""What a gateway of this kind is told by its row."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from gateways.drivers.base import BadSetting, gettext_noop


class Settings(Struct, kw_only=True, forbid_unknown_fields=True):
    """`address` and `port`: where Envoys listen. `trusted_proxies`: whose word on the client's
    address and scheme counts. `admin_urls`: where Envoys' administration interfaces answer, to
    compare what they have."""

    address: Annotated[
        str,
        Meta(
            title=gettext_noop("Listener address"),
            description=gettext_noop(
                "The address that Envoys listen on, as it is on their machines."
            ),
            examples=["0.0.0.0"],  # noqa: S104 - shown only
        ),
    ] = "0.0.0.0"  # noqa: S104 - a gateway is there to be reached
    port: Annotated[
        int,
        Meta(
            title=gettext_noop("Listener port"),
            description=gettext_noop("The port that Envoys listen on for HTTP."),
            ge=1,
            le=65535,
        ),
    ] = 9080
    trusted_proxies: Annotated[
        int,
        Meta(
            title=gettext_noop("Trusted proxies"),
            description=gettext_noop(
                "How many proxies stand before Envoy whose X-Forwarded-For and X-Forwarded-Proto"
                " are believed. 0: clients call Envoy directly."
            ),
            ge=0,
            le=100,
        ),
    ] = 0
    admin_urls: Annotated[
        list[str],
        Meta(
            title=gettext_noop("Administration addresses"),
            description=gettext_noop(
                "Addresses of Envoys' administration interfaces, if the console can reach them, to"
                " compare what they have. Nothing is changed there."
            ),
            examples=["http://127.0.0.1:9901"],
        ),
    ] = []

    def __post_init__(self) -> None:
        try:
            ipaddress.ip_address(self.address)
        except ValueError as error:
            raise BadSetting("address", gettext_noop("Write an IP address.")) from error
        for url in self.admin_urls:
            try:
                parts = urlsplit(url)
                _port = parts.port
            except ValueError:
                parts = urlsplit("")
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
                raise BadSetting("admin_urls", gettext_noop("Write it as http://host:port."))
