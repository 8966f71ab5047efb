"""Secrets at rest: encrypted in the database, never shown again.

A `SecretField` holds its value encrypted (Fernet: AES-128-CBC with HMAC-SHA256). In Python it is a
`Secret`, which prints as ``***`` and gives its text only to `reveal()`: nothing shows it by
accident, in a page, a log line, a traceback or a fixture. The first of ``SECRET_KEYS`` encrypts,
all of them decrypt, so that keys can be changed without a gap.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class Secret:
    """A text that does not show itself. Falsy when empty. `stored` tells one that was read from
    the database from one that somebody gave just now."""

    __slots__ = ("_text", "stored")

    def __init__(self, text: str = "", *, stored: bool = False) -> None:
        self._text = text
        self.stored = stored

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret('***')" if self._text else "Secret('')"

    def __str__(self) -> str:
        return "***" if self._text else ""

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a secret is not pickled")


class SecretField(models.Field):  # type: ignore[type-arg] # not generic at run time
    """A column of encrypted text. Assign a str or a `Secret`; read a `Secret`.

    It is not editable and not serialised: forms and serializers have write-only fields of their
    own, and a fixture dump leaves it out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", Secret)
        kwargs["blank"] = True
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)
        self.serialize = False

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {k: v for k, v in kwargs.items() if k not in ("blank", "editable")}

    def get_internal_type(self) -> str:
        return "BinaryField"

    def to_python(self, value: Any) -> Secret:
        return value if isinstance(value, Secret) else Secret(value or "")

    def from_db_value(self, value: Any, *_: Any) -> Secret:
        if not value:
            return Secret()
        try:
            return Secret(_cipher().decrypt(bytes(value)).decode(), stored=True)
        except InvalidToken as error:
            raise ImproperlyConfigured(
                "A stored secret cannot be decrypted: SECRET_KEYS lacks the key that encrypted it."
            ) from error

    def get_prep_value(self, value: Any) -> bytes:
        text = self.to_python(value).reveal()
        return _cipher().encrypt(text.encode()) if text else b""


def new_key() -> str:
    return Fernet.generate_key().decode()


@lru_cache(maxsize=1)
def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SECRET_KEYS])
