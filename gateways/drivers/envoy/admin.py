"""Asking Envoy's administration interface. It can do more than tell: only addresses that tell are
asked, by GET."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

from gateways.drivers.base import DriverError

_PATIENCE = 5.0  # seconds
_MOST = 256_000_000  # bytes of an answer


class Admin:
    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # Nothing of an environment's proxies, and no redirects: an administration interface is
        # where its settings say, or nowhere.
        self._opener = urllib.request.OpenerDirector()
        for handler in (urllib.request.HTTPHandler(), urllib.request.HTTPSHandler()):
            self._opener.add_handler(handler)

    def server(self) -> dict[str, Any]:
        """Raises `DriverError`."""
        return self._ask("server_info")

    def clusters(self) -> list[dict[str, Any]]:
        """What each cluster's nodes are now. Raises `DriverError`."""
        return _dicts(self._ask("clusters", format="json").get("cluster_statuses"))

    def dump(self, **only: str) -> list[dict[str, Any]]:
        """The sections of its configuration. Raises `DriverError`."""
        return _dicts(self._ask("config_dump", include_eds="on", **only).get("configs"))

    def _ask(self, what: str, **query: str) -> dict[str, Any]:
        url = f"{self.url}/{what}" + (f"?{urlencode(query)}" if query else "")
        try:
            with self._opener.open(url, timeout=_PATIENCE) as answer:
                if answer.status != 200:
                    raise DriverError(
                        f"Envoy's administration interface answered {answer.status}.",
                        code="refused",
                    )
                found = json.loads(answer.read(_MOST))
        except (OSError, urllib.error.URLError) as error:
            raise DriverError(
                f"Envoy's administration interface does not answer: {error}", code="unreachable"
            ) from error
        except ValueError as error:
            raise DriverError(
                "What answers there is no Envoy: its answer is no JSON.", code="foreign"
            ) from error
        if not isinstance(found, dict):
            raise DriverError("What answers there is no Envoy.", code="foreign")
        return found


def _dicts(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
