"""What an agent is told: a TOML file, and variables of the environment, which win.

Secrets come by variables or from files of their own, never as arguments: others on the machine can
read those.
"""

from __future__ import annotations

import os
import tomllib
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from gateways import drivers
from gateways.drivers.base import BadSetting

PREFIX = "PORTOLAN_AGENT_"
_LISTS = {"file_folders"}
_SECRETS = {"secret", "redis_password"}  # by variables or files only


class ConfigError(Exception):
    """A sentence that names what is wrong."""


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`settings` are those of the kind. `file_folders`: where the driver may write files of the
    gateway. Secrets are not shown by `repr`."""

    redis_url: str
    control_plane: str
    gateway: str
    kind: str
    settings: dict[str, Any] = {}
    state_folder: str = "/var/lib/portolan-agent"
    file_folders: list[str] = []
    secret_file: str = ""
    redis_password_file: str = ""
    log_level: str = "INFO"
    secret: str = ""
    redis_password: str = ""

    def __repr__(self) -> str:
        return f"Config(gateway={self.gateway!r}, kind={self.kind!r})"

    @property
    def folder(self) -> Path:
        return Path(self.state_folder)

    @property
    def store_url(self) -> str:
        """The address of Redis with the password."""
        if not self.redis_password:
            return self.redis_url
        parts = urlsplit(self.redis_url)
        user = parts.username or ""
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{user}:{quote(self.redis_password, '')}@{host}"))

    @property
    def unspeakable(self) -> tuple[str, ...]:
        """What must be in no log line."""
        password = urlsplit(self.redis_url).password or ""
        parts = (self.secret, self.secret.partition(":")[2], self.redis_password, password)
        return tuple(sorted({one for one in parts if one}, key=len, reverse=True))


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Config:
    """Raises `ConfigError`."""
    values = _file(path) if path else {}
    for name in sorted(_SECRETS & values.keys()):
        raise ConfigError(f"{name} does not belong into the file; see {name}_file")
    for field in Config.__struct_fields__:
        text = environ.get(PREFIX + field.upper())
        if text is not None:
            values[field] = _parsed(field, text)
    try:
        config = msgspec.convert(values, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"The configuration does not fit: {error}") from error
    return _checked(_with_secrets(config))


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def _parsed(field: str, text: str) -> Any:
    if field == "settings":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise ConfigError(f"{PREFIX}SETTINGS is no JSON: {error}") from error
    return text.replace(",", " ").split() if field in _LISTS else text


def _with_secrets(config: Config) -> Config:
    found = {}
    for name in sorted(_SECRETS):
        path = getattr(config, f"{name}_file")
        if path and not getattr(config, name):
            try:
                found[name] = Path(path).read_text().strip()
            except (OSError, ValueError) as error:
                raise ConfigError(f"{name}_file cannot be read: {error}") from error
    return msgspec.structs.replace(config, **found)


def _checked(config: Config) -> Config:
    for name in ("control_plane", "gateway"):
        try:
            as_id = str(uuid.UUID(getattr(config, name)))
        except ValueError as error:
            raise ConfigError(f"{name} is no id: {getattr(config, name)!r}") from error
        config = msgspec.structs.replace(config, **{name: as_id})
    if urlsplit(config.redis_url).scheme not in ("redis", "rediss", "unix"):
        raise ConfigError("redis_url is none: write rediss://user@host:port/0")
    if config.kind not in drivers.KINDS:
        raise ConfigError(f"kind is none of {', '.join(drivers.KINDS)}: {config.kind!r}")
    try:
        drivers.check_settings(config.kind, config.settings)
    except BadSetting as error:
        raise ConfigError(f"settings.{error.setting}: {error}") from error
    return config
