from __future__ import annotations

from msgspec import Struct


class Settings(Struct, kw_only=True, forbid_unknown_fields=True):
    redis_url: str = ""
    root_key: str = "traefik"
    entry_points: list[str] = []
