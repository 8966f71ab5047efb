"""What a checkout brings along by itself: generated keys, and the servers that run for it.

Everything lies in the folder ``var/``, readable by its owner only. In production the environment
says it all and nothing here is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cryptography.fernet import Fernet
from django.core.management.utils import get_random_secret_key

django_key = get_random_secret_key


def encryption_key() -> str:
    return Fernet.generate_key().decode()


def generated(path: Path, make: Callable[[], str]) -> str:
    """Read a generated value; make and keep it at the first time.

    Two processes that start together agree: the file appears whole or not at all.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def running(var: Path, name: str) -> str:
    """The address of a server that `manage.py up` runs for this checkout; empty if none does."""
    path = var / "run" / name
    return path.read_text().strip() if path.exists() else ""


def with_database(redis_url: str, number: int) -> str:
    """The same Redis server, another database."""
    parts = urlsplit(redis_url)
    return urlunsplit(parts._replace(path=f"/{number}"))
