"""The whole configuration of an APISIX without etcd: what of it is ours, and what stays as it is.

Such an APISIX takes one document: lists of objects by their kinds. Objects of others that were in
it are put back as they were read. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from . import mark as marks
from . import names
from .plain import plain
from .render import Objects

# What is no printable ASCII, and what APISIX would replace by a variable of its environment.
_ESCAPED = re.compile(r"[^ -~]|\$(?=\{\{)")
_END = "#END\n"
_HEAD = re.compile(rb"# Portolan, epoch (\d+)\n")

Document = Mapping[str, Any]


def ours(document: Document, prefix: str) -> Objects:
    """Objects of ours by their names, plain."""
    return {
        f"{kind}/{body['id']}": plain(kind, body)
        for kind in names.KINDS
        for body in items(document, kind)
        if names.is_ours(prefix, body)
    }


def mark(document: Document, prefix: str) -> dict[str, Any] | None:
    """The one that says which driver wrote this."""
    found = (one for one in items(document, "upstreams") if marks.is_mark(prefix, one))
    return next(found, None)


def others(document: Document, prefix: str, kind: str) -> list[dict[str, Any]]:
    return [body for body in items(document, kind) if not names.is_ours(prefix, body)]


def items(document: Document, kind: str) -> list[dict[str, Any]]:
    found = document.get(kind)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(body: Any) -> str:
    """A value in one line of YAML, which JSON nearly is."""
    return _ESCAPED.sub(_escape, msgspec.json.encode(body, order="sorted").decode())


def join(epoch: int, rest: Document, lines: Mapping[str, Iterable[str]]) -> bytes:
    """The content of apisix.yaml. `lines`: objects of our kinds as `text` makes them; `rest`: all
    other kinds."""
    found = [f"# Portolan, epoch {epoch}\n"]
    for kind, said in lines.items():
        written = [f"  - {line}\n" for line in said]
        found += [f"{kind}:\n", *written] if written else [f"{kind}: []\n"]
    for kind, value in rest.items():
        if kind not in lines:
            found.append(f"{text(kind)}: {text(value)}\n")
    return "".join([*found, _END]).encode()


def epoch_of(content: bytes) -> int:
    """Of the driver that wrote this; 0: no driver did."""
    head = _HEAD.match(content)
    return int(head.group(1)) if head else 0


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
