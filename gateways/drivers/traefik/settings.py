"""What a gateway of this kind is told, and the rules for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Meta, Struct

from gateways.drivers.base import BadSetting, gettext_noop

Provider = Literal["", "http", "rest", "redis", "file"]
REDIS: Final = "redis"
HTTP: Final = "http"
FILE: Final = "file"
REST: Final = "rest"
_ROOT = re.compile(r"[A-Za-z][\w.-]{0,62}")

_PROVIDERS = {
    "": gettext_noop("By what else is given"),
    HTTP: gettext_noop("HTTP: Traefik fetches them here"),
    REST: gettext_noop("REST: pushed to Traefik's API"),
    REDIS: gettext_noop("Redis: a tree of keys"),
    FILE: gettext_noop("A file beside Traefik"),
}


class Settings(Struct, kw_only=True, forbid_unknown_fields=True):
    """`provider`: which of Traefik's providers reads from us; empty until it is known by what else
    is given. `redis_url`: the server and database
    of the tree, without password (that is the gateway's secret). `root_key`: as in Traefik's
    providers.redis.rootKey; roots in one database must not begin alike. `entry_points`: of the
    routers; none means Traefik's default ones."""

    redis_url: Annotated[
        str,
        Meta(
            title=gettext_noop("Redis of the tree"),
            description=gettext_noop(
                "Server and database that Traefik's Redis provider reads, without a password."
            ),
            examples=["redis://127.0.0.1:6379/2"],
            extra_json_schema={"when": {"provider": ["", REDIS]}},
        ),
    ] = ""
    root_key: Annotated[
        str,
        Meta(
            title=gettext_noop("Root key"),
            description=gettext_noop(
                "As in Traefik's providers.redis.rootKey. Two roots in one database must not begin"
                " alike."
            ),
            examples=["traefik"],
            extra_json_schema={"when": {"provider": ["", REDIS]}},
        ),
    ] = "traefik"
    entry_points: Annotated[
        list[str],
        Meta(
            title=gettext_noop("Entry points"),
            description=gettext_noop(
                "Names of the entry points that routes are served on. Empty: Traefik's defaults."
            ),
            examples=["web websecure"],
        ),
    ] = []
    provider: Annotated[
        Provider,
        Meta(
            title=gettext_noop("Provider"),
            description=gettext_noop(
                "How Traefik gets its routes: it fetches them here by HTTP, which opens nothing at"
                " Traefik; or they are pushed to its API by REST, which is the quickest; or it"
                " reads a tree in Redis, or a file. Empty: by what else is given."
            ),
            extra_json_schema={"labels": _PROVIDERS},
        ),
    ] = ""
    file: Annotated[
        str,
        Meta(
            title=gettext_noop("File"),
            description=gettext_noop(
                "Where the driver runs, in a folder that Traefik reads (providers.file.directory);"
                " below a folder that GATEWAYS_FILE_FOLDERS names there."
            ),
            examples=["/etc/traefik/dynamic/portolan.yml"],
            extra_json_schema={"when": {"provider": ["", FILE]}},
        ),
    ] = ""
    api_url: Annotated[
        str,
        Meta(
            title=gettext_noop("Traefik's API"),
            description=gettext_noop(
                "Where Traefik tells what it uses, so that it can be compared; by REST it is also"
                " given its routes there. Otherwise it may be empty."
            ),
            examples=["http://127.0.0.1:8080"],
        ),
    ] = ""

    def __post_init__(self) -> None:
        if not self.provider:
            known: Provider = FILE if self.file else HTTP
            self.provider = REDIS if self.redis_url else known
        if self.provider == REDIS or self.redis_url:
            self._check_redis()
        if self.provider == FILE or self.file:
            self._check_file()
        if (self.api_url or self.provider == REST) and not _is_web(self.api_url):
            raise BadSetting("api_url", gettext_noop("Write it as http://host:port."))
        if not _ROOT.fullmatch(self.root_key):
            raise BadSetting(
                "root_key", gettext_noop("One word of letters, digits, dots and dashes.")
            )
        for name in self.entry_points:
            if not re.fullmatch(r"[\w-]{1,63}", name):
                raise BadSetting(
                    "entry_points",
                    gettext_noop("“%(name)s” is no entry point's name."),
                    name=name,
                )

    def _check_redis(self) -> None:
        try:
            parts = urlsplit(self.redis_url)
            _port = parts.port
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise BadSetting("redis_url", gettext_noop("Write it as redis://host:port/database."))
        if parts.password:
            raise BadSetting(
                "redis_url", gettext_noop("The password belongs into the secret, not into here.")
            )

    def _check_file(self) -> None:
        path = Path(self.file)
        if not path.is_absolute() or ".." in path.parts or path.suffix not in (".yml", ".yaml"):
            raise BadSetting(
                "file", gettext_noop("A whole path of a file that ends with .yml or .yaml.")
            )


def with_password(url: str, secret: str) -> str:
    """The secret is ``password`` or ``user:password`` of the tree's Redis."""
    if not secret:
        return url
    parts = urlsplit(url)
    # A password may hold colons, a user may not.
    user, password = secret.split(":", 1) if ":" in secret else ("", secret)
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
