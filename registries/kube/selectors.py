"""Which namespaces and labels a registry looks at: checked when typed, applied when read."""

from __future__ import annotations

import re
from collections.abc import Callable

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_KEY = re.compile(r"([a-z0-9A-Z.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_SET = re.compile(r"(\S+)\s+(in|notin)\s*\(([^()]*)\)")
_EQUALITY = re.compile(r"([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)")


def is_namespace(name: str) -> bool:
    """RFC 1123 label, as Kubernetes demands."""
    return _NAMESPACE.fullmatch(name) is not None


def check_pattern(operator: str, pattern: str) -> None:
    """Raise `ValueError` unless the pattern fits the operator."""
    if operator in ("equal", "not_equal"):
        if not is_namespace(pattern):
            raise ValueError("not a namespace name")
        return
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(str(error)) from error


def namespace_filter(operator: str, patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Build the test for a namespace name. Patterns of `match` have to fit the whole name."""
    if operator == "equal":
        return frozenset(patterns).__contains__
    if operator == "not_equal":
        refused = frozenset(patterns)
        return lambda name: name not in refused
    if operator in ("match", "not_match"):
        expression = re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
        wanted = operator == "match"
        return lambda name: (expression.fullmatch(name) is not None) is wanted
    return lambda name: True


def check_labels(selector: str) -> None:
    """Raise `ValueError` unless the text is a label selector as kubectl takes it."""
    for requirement in _split(selector):
        _check_requirement(requirement)


def _check_requirement(text: str) -> None:
    if found := _SET.fullmatch(text):
        key, values = found[1], [value.strip() for value in found[3].split(",")]
    elif found := _EQUALITY.fullmatch(text):
        key, values = found[1], [found[3]]
    else:
        key, values = text.removeprefix("!"), []
    if not _LABEL_KEY.fullmatch(key):
        raise ValueError(f"{text!r} does not start with a label key")
    for value in values:
        if not _LABEL_VALUE.fullmatch(value):
            raise ValueError(f"{value!r} is no label value")


def _split(selector: str) -> list[str]:
    """Split at the commas outside parentheses."""
    parts = re.split(r",(?![^()]*\))", selector)
    return [part.strip() for part in parts] if selector.strip() else []
