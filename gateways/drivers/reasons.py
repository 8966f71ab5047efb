"""Why a gateway does not have a resource, in English for programs and logs, and so that pages can
say it in the language of who reads them. Like all of a driver, knows no language itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from .base import gettext_noop

# What rendering one resource may raise, whatever somebody wrote into it (an expression of hundreds
# of brackets ends in a RecursionError): that one is named, and the others go on.
UNRENDERED = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
_UNFORESEEN = gettext_noop("It cannot be said in this gateway's terms (%(said)s).")


class Reason(str):
    """A sentence in English that remembers what it was made of: `text`, marked for the catalogues,
    the `params` that it names, and the name of the resource that it is `about`, which may be empty.
    Whatever takes it for a plain text loses no more than the other languages."""

    text: str
    params: Mapping[str, str]
    about: str

    def __new__(
        cls, text: str, params: Mapping[str, object] | None = None, *, about: str = ""
    ) -> Self:
        said = {name: str(value) for name, value in (params or {}).items()}
        sentence = text % said if said else text
        made = super().__new__(cls, f"{about}: {sentence}" if about else sentence)
        made.text, made.params, made.about = text, said, about
        return made


class Unsupported(ValueError):
    """A kind of gateway cannot express a resource. `text` may name `params`; to be raised is to be
    marked: `console.i18n.extract` knows this name, also of the kinds' own."""

    def __init__(self, text: str, **params: object) -> None:
        super().__init__(text % params if params else text)
        self.text = text
        self.params = params


def reason(name: str, error: Exception) -> str:
    """Why the resource of this name is left out; what a library says stays as it is."""
    if isinstance(error, Unsupported):
        return Reason(error.text, error.params, about=name)
    return Reason(_UNFORESEEN, {"said": f"{type(error).__name__}: {error}"}, about=name)
