"""From Traefik's objects to one document, for its HTTP and its file provider. Pure.

JSON that is YAML too, as Traefik reads both by its YAML parser: that refuses some signs that JSON
may hold, and a file is a template to it, in which two opening braces begin a command.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from .render import Objects

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_encoder = msgspec.json.Encoder()
Texts = Mapping[str, str]


def text(found: object) -> str:
    """One object as it stands in the document."""
    written = _encoder.encode(found).decode()
    escaped = _UNPRINTABLE.sub(lambda sign: f"\\u{ord(sign.group()):04x}", written)
    return escaped.replace("{{", "{\\u007b")


def join(texts: Texts) -> bytes:
    """The document of some objects, by their places; equal objects give equal bytes. Sections
    without any are left out: Traefik refuses those that are empty."""
    sections: dict[str, list[str]] = defaultdict(list)
    for place in sorted(texts):
        _http, section, name = place.split("/", 2)
        sections[section].append(f'"{name}":{texts[place]}')
    inner = (f'"{name}":{{{_listed(found)}}}' for name, found in sections.items())
    return f'{{"http":{{{_listed(inner)}}}}}\n'.encode()


def _listed(parts: Iterable[str]) -> str:
    return ",\n".join(parts)


def split(content: bytes) -> Objects:
    """The objects of a document that `join` made, after lines of comment. Raises `ValueError`."""
    while content.startswith(b"#"):
        content = content.partition(b"\n")[2]
    found = msgspec.json.decode(content, type=dict[str, dict[str, dict[str, dict[str, object]]]])
    return {
        f"http/{section}/{name}": one
        for section, named in found.get("http", {}).items()
        for name, one in named.items()
    }
