"""What a gateway of this kind is told, and the rules for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from gateways.drivers.base import BadSetting, gettext_noop

ADMIN, STANDALONE, FILE = "admin", "standalone", "file"
_PREFIX = re.compile(r"[A-Za-z][\w.-]{0,19}", re.ASCII)


class Settings(Struct, kw_only=True, forbid_unknown_fields=True):
    """`mode`: how APISIX is configured. `admin_url`: base of its Admin API, without a path.
    `id_prefix` begins the ids of all that is ours. `discovery`: who brings nodes to upstreams."""

    mode: Annotated[
        Literal["admin", "standalone", "file"],
        Meta(
            title=gettext_noop("Mode"),
            description=gettext_noop("How APISIX gets its routes and upstreams."),
            extra_json_schema={
                "labels": {
                    ADMIN: gettext_noop("Admin API, configuration in etcd"),
                    STANDALONE: gettext_noop("Admin API, configuration in memory (standalone)"),
                    FILE: gettext_noop("The file apisix.yaml, beside the driver"),
                }
            },
        ),
    ] = "admin"
    admin_url: Annotated[
        str,
        Meta(
            title=gettext_noop("Admin API"),
            description=gettext_noop(
                "Where the Admin API listens: port 9180 since release 3, 9080 before. Its key is"
                " the secret."
            ),
            examples=["http://127.0.0.1:9180"],
            extra_json_schema={"when": {"mode": [ADMIN, STANDALONE]}},
        ),
    ] = ""
    release: Annotated[
        Literal["3", "2.15"],
        Meta(
            title=gettext_noop("Release"),
            description=gettext_noop("Some things are said in another way to APISIX 2.15."),
            extra_json_schema={"when": {"mode": [ADMIN, FILE]}},
        ),
    ] = "3"
    id_prefix: Annotated[
        str,
        Meta(
            title=gettext_noop("Prefix of ids"),
            description=gettext_noop(
                "Begins the ids of all that this gateway is given. Nothing else is touched. Two"
                " gateways on one etcd need two prefixes."
            ),
            examples=["portolan-"],
        ),
    ] = "portolan-"
    discovery: Annotated[
        Literal["nodes", "portolan"],
        Meta(
            title=gettext_noop("Nodes"),
            description=gettext_noop(
                "Our discovery module in APISIX follows nodes by itself, which is faster."
            ),
            extra_json_schema={
                "labels": {
                    "nodes": gettext_noop("In the upstreams"),
                    "portolan": gettext_noop("By our discovery module"),
                }
            },
        ),
    ] = "nodes"
    control_url: Annotated[
        str,
        Meta(
            title=gettext_noop("Control API"),
            description=gettext_noop(
                "Where APISIX tells what its workers use, so that it can be compared. May be empty."
            ),
            examples=["http://127.0.0.1:9090"],
        ),
    ] = ""
    file: Annotated[
        str,
        Meta(
            title=gettext_noop("File"),
            description=gettext_noop(
                "APISIX's apisix.yaml, where the driver runs; below a folder that"
                " GATEWAYS_FILE_FOLDERS names there."
            ),
            examples=["/usr/local/apisix/conf/apisix.yaml"],
            extra_json_schema={"when": {"mode": [FILE]}},
        ),
    ] = ""

    def __post_init__(self) -> None:
        if self.mode != FILE and not self.admin_url:
            raise BadSetting("admin_url", gettext_noop("This mode needs the Admin API's address."))
        for name in ("admin_url", "control_url"):
            url = getattr(self, name)
            if url and not _is_web(url):
                raise BadSetting(name, gettext_noop("Write it as http://host:port."))
        if not _PREFIX.fullmatch(self.id_prefix):
            raise BadSetting(
                "id_prefix",
                gettext_noop("At most 20 letters, digits, dots and dashes; first a letter."),
            )
        if self.mode == FILE or self.file:
            self._check_file()
        if self.mode == STANDALONE and self.release == "2.15":
            raise BadSetting("release", gettext_noop("APISIX 2.15 has no API for this mode."))

    def _check_file(self) -> None:
        path = Path(self.file)
        if not path.is_absolute() or ".." in path.parts or path.suffix != ".yaml":
            raise BadSetting("file", gettext_noop("A whole path of a file that ends with .yaml."))


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not parts.path.strip("/")
        and not parts.query
    )
