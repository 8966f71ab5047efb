"""Trying a regular expression that a person wrote on text that another one typed.

Gateways have engines that take linear time; ours may take for ever. So an expression is tried only
if its effort has a bound, on text that is short. Of the others only the gateway can tell.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LONGEST = 256  # characters of the pattern, and of the text
_REPEATS = 3  # with one more, the text's length to the fourth is too much
_OPTIONS = 8
_REPEAT = re.compile(r"[*+]|\{\d+,\d*\}|\{\d{2,}\}")
_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def search(pattern: str, text: str) -> bool | None:
    """Whether the pattern fits somewhere in the text; None: not tried."""
    if len(text) > _LONGEST:
        return None
    compiled = _compiled(pattern)
    return None if compiled is None else compiled.search(text) is not None


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    if len(pattern) > _LONGEST:
        return None
    bare = _ESCAPED.sub("x", pattern)
    if re.search(r"\)(?:[*+]|\{)", bare) or re.search(r"\\[1-9]|\(\?(?![:i])", pattern):
        return None
    if len(_REPEAT.findall(bare)) > _REPEATS or bare.count("?") + bare.count("|") > _OPTIONS:
        return None
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None
