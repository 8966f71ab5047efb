"""How an API is called from outside: its paths in full, and a line to try it."""

from __future__ import annotations

import shlex

from applications.models import Api

_PLACEHOLDER = "http://GATEWAY"


def effective_paths(api: Api) -> list[str]:
    """The paths below the application's prefix; a prefix path ends with ``*``."""
    return [
        _join(api.application.path_prefix, entry["path"])
        + ("*" if entry.get("type", "prefix") == "prefix" else "")
        for entry in api.paths
    ]


def curl(api: Api, base: str) -> str:
    """A command that calls the API through the gateway at `base`, ready for a shell."""
    path = api.paths[0]["path"] if api.paths else "/"
    url = (base or _PLACEHOLDER).rstrip("/") + _join(api.application.path_prefix, path)
    words = ["curl", _quote(url)]
    if api.application.hosts:
        host = api.application.hosts[0].replace("*.", "www.", 1)
        words += ["-H", f"'Host: {host}'"]
    if api.methods and "GET" not in api.methods:
        words += ["-X", api.methods[0]]
    return " ".join([*words, "-i"])


def _join(prefix: str, path: str) -> str:
    return f"{prefix.rstrip('/')}/{path.lstrip('/')}"


def _quote(url: str) -> str:
    return url if url == _PLACEHOLDER else shlex.quote(url)
