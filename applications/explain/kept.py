"""Nodes that an upstream keeps though none is ready any more, in a sentence."""

from __future__ import annotations

import time

from django.utils.translation import ngettext

from console.contract import wire

from .moments import moment

_LATE = 2_000  # milliseconds after the last moment of kept nodes: somebody should have come by


def kept(upstream: wire.Upstream) -> str:
    """Say that an upstream serves kept nodes, since and until when; nothing if it does not."""
    if not upstream.kept_until:
        return ""
    count = len(upstream.nodes)
    values = {
        "count": count,
        "since": moment(upstream.kept_since),
        "until": moment(upstream.kept_until),
    }
    if upstream.kept_until + _LATE < time.time() * 1000:
        text = ngettext(
            "No endpoint is ready since %(since)s; the last node was kept until %(until)s and stays"
            " until its registry has been read and compiled again.",
            "No endpoint is ready since %(since)s; the last %(count)d nodes were kept until"
            " %(until)s and stay until their registry has been read and compiled again.",
            count,
        )
    else:
        text = ngettext(
            "No endpoint is ready since %(since)s; the last node is kept until %(until)s.",
            "No endpoint is ready since %(since)s; the last %(count)d nodes are kept until"
            " %(until)s.",
            count,
        )
    return text % values
