"""A kubeconfig as the suite needs it: where the server is, whom to trust, and who we are there."""

from __future__ import annotations

import base64
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


@dataclass(frozen=True)
class Login:
    """The current context. `identity` is a token, or the pair of a client certificate."""

    server: str
    ca: str
    token: str
    certificate: tuple[str, str] | None

    @property
    def host(self) -> str:
        return urlsplit(self.server).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.server).port or 443

    @property
    def base(self) -> str:
        return urlsplit(self.server).path.rstrip("/")

    def trust(self, *, as_us: bool) -> ssl.SSLContext:
        """How to speak TLS to the server, with or without our client certificate."""
        context = ssl.create_default_context(cadata=self.ca or None)
        if as_us and self.certificate:
            with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
                paths = [Path(folder, name) for name in ("crt", "key")]
                for path, text in zip(paths, self.certificate, strict=True):
                    path.touch(mode=0o600)
                    path.write_text(text)
                context.load_cert_chain(*paths)
        return context


def read(path: Path) -> Login:
    """Read the current context; one whose user is a program to run is refused."""
    config = yaml.safe_load(path.read_text())

    def named(kind: str, name: str) -> dict[str, Any]:
        found = next(item for item in config[f"{kind}s"] if item["name"] == name)
        return found[kind]

    def text(holder: dict[str, Any], field: str) -> str:
        if holder.get(f"{field}-data"):
            return base64.b64decode(holder[f"{field}-data"]).decode()
        return (path.parent / holder[field]).read_text() if holder.get(field) else ""

    context = named("context", config["current-context"])
    cluster, user = named("cluster", context["cluster"]), named("user", context["user"])
    token = user.get("token") or (
        Path(user["tokenFile"]).read_text() if "tokenFile" in user else ""
    )
    pair = (text(user, "client-certificate"), text(user, "client-key"))
    if not token and not all(pair):
        raise ValueError(f"{path}: the suite needs a token or a client certificate")
    return Login(
        server=cluster["server"],
        ca=text(cluster, "certificate-authority"),
        token=token.strip(),
        certificate=pair if all(pair) else None,
    )
