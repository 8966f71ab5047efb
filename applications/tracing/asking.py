"""The request to trace, as it is typed into an address: checked, and brought into the contract's
form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from applications.validators import METHODS, validate_host
from console.contract import matching
from console.contract.matching import Pairs, Request

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MOST_HEADERS = 50
# What gateways compare a path by: everything but a quoted slash is unquoted.
_KEPT = re.compile(r"%2f|%25", re.IGNORECASE)
_ORDINARY = "/!$&'()*+,;=:@-._~%"


class Asked(forms.Form):
    """`path` may be a whole address: its host and scheme stand for the others then."""

    method = forms.ChoiceField(
        label=_("Method"), choices=[(one, one) for one in METHODS], required=False, initial="GET"
    )
    scheme = forms.ChoiceField(
        label=_("Scheme"), choices=[("http", "http"), ("https", "https")], required=False
    )
    host = forms.CharField(
        label=_("Host"),
        required=False,
        max_length=300,
        widget=forms.TextInput(
            attrs={"placeholder": "shop.example.org", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    path = forms.CharField(
        label=_("Path"),
        required=False,
        max_length=8_000,
        help_text=_("With its query, or a whole address"),
        widget=forms.TextInput(
            attrs={"placeholder": "/cart?user=7", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    headers = forms.CharField(
        label=_("Headers"),
        required=False,
        max_length=8_000,
        help_text=_("One a line: Name: value. For routes with expressions"),
        widget=forms.Textarea(
            attrs={"rows": 2, "class": "mono", "placeholder": "X-Canary: 1", "spellcheck": "false"}
        ),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(_spread(data) if data else data, **kwargs)

    def clean_method(self) -> str:
        return str(self.cleaned_data["method"] or "GET")

    def clean_scheme(self) -> str:
        return str(self.cleaned_data["scheme"] or "http")

    def clean_host(self) -> str:
        """Without port and upper case. A request by address alone has an empty one."""
        host = str(self.cleaned_data["host"]).strip().lower().rstrip(".")
        host = re.sub(r":\d*$", "", host) if not host.endswith("]") else host
        if host and not _is_address(host):
            if host.startswith("*"):
                raise ValidationError(_("A request has one host, no wildcard."))
            validate_host(host)
        return host

    def clean_path(self) -> str:
        path = str(self.cleaned_data["path"]).strip() or "/"
        if not path.startswith("/"):
            raise ValidationError(_("A path starts with “/”."))
        if re.search(r"[\s\x00-\x1f\x7f]", path) or re.search(r"%(?![0-9A-Fa-f]{2})", path):
            raise ValidationError(_("Blanks are written %20, and a percent sign %25."))
        return path

    def clean_headers(self) -> Pairs:
        return read_headers(str(self.cleaned_data["headers"]))

    @property
    def request(self) -> Request:
        """Only of a valid form."""
        found = self.cleaned_data
        path, _mark, query = found["path"].partition("?")
        return Request(
            scheme=found["scheme"],
            host=found["host"],
            method=found["method"],
            path=matching.clean(_compared(path.partition("#")[0])),
            query=tuple(parse_qsl(query.partition("#")[0], keep_blank_values=True)),
            headers=found["headers"],
        )


def read_headers(text: str) -> Pairs:
    """Read lines of ``Name: value``. Raises `ValidationError` for what is no header."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name.strip()):
            raise ValidationError(
                _("“%(line)s” is no header: write Name: value."), params={"line": line[:80]}
            )
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise ValidationError(_("A header holds no control characters."))
        found.append((name.strip(), value.strip()))
    if len(found) > _MOST_HEADERS:
        raise ValidationError(_("At most %d headers.") % _MOST_HEADERS)
    return tuple(found)


def _spread(data: Mapping[str, Any]) -> dict[str, Any]:
    """Take a whole address apart."""
    values = {name: _one(data, name) for name in ("method", "scheme", "host", "path", "headers")}
    path = values["path"].strip()
    if path.lower().startswith(("http://", "https://")):
        try:
            parts = urlsplit(path)
            host = parts.hostname or ""
        except ValueError:
            return values  # the path's own error says so
        values |= {
            "scheme": parts.scheme,
            "host": host,
            "path": (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        }
    return values


def _one(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return str(value[-1]) if value else ""
    return str(value)


def _is_address(host: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+|\[[0-9a-f:.]+\]", host))


def _compared(path: str) -> str:
    """Unquote what gateways unquote before they compare; what needs quoting stays quoted."""
    parts = re.split(f"({_KEPT.pattern})", path, flags=re.IGNORECASE)
    return "".join(
        part.upper() if _KEPT.fullmatch(part) else quote(unquote(part), safe=_ORDINARY)
        for part in parts
    )
