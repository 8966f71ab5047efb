"""Label and field selectors: parsed once a request, then asked for each object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from practice.schema import Json, Resource
from practice.status import bad_request

Labels = Mapping[str, str]
LabelTest = Callable[[Labels], bool]

_TERM = re.compile(
    r"""\s*(?:
        (?P<not>!)\s*(?P<absent>[^\s=!<>(),]+)
      | (?P<key>[^\s=!<>(),]+)\s*(?:
            (?P<op>==|=|!=|>|<)\s*(?P<value>[^\s=!<>(),]*)
          | \s(?P<set>in|notin)\s*\((?P<values>[^()]*)\)
        )?
    )\s*(?:,|$)""",
    re.VERBOSE,
)


def parse_labels(text: str) -> LabelTest | None:
    """Return a test of an object's labels, or None when everything matches."""
    if not text.strip():
        return None
    tests: list[LabelTest] = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or match.end() == at:
            raise bad_request(
                f'unable to parse requirement: found "{text[at:]}", expected: identifier'
            )
        tests.append(_label_test(match))
        at = match.end()
    return lambda labels: all(test(labels) for test in tests)


def _label_test(match: re.Match[str]) -> LabelTest:
    absent, key, op = match["absent"], match["key"], match["op"]
    if absent:
        return lambda labels: absent not in labels
    value = match["value"]
    if op in ("=", "=="):
        return lambda labels: labels.get(key) == value
    if op == "!=":
        return lambda labels: labels.get(key) != value
    if op in (">", "<"):
        return _number_test(key, op, value)
    if match["set"]:
        values = {part.strip() for part in match["values"].split(",")}
        if match["set"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    return lambda labels: key in labels


def _number_test(key: str, op: str, value: str) -> LabelTest:
    try:
        bound = int(value)
    except ValueError:
        raise bad_request(
            f'for {op!r} operators, the value must be an integer: "{value}"'
        ) from None

    def test(labels: Labels) -> bool:
        try:
            number = int(labels.get(key, ""))
        except ValueError:
            return False
        return number > bound if op == ">" else number < bound

    return test


def match_labels(selector: Mapping[str, str], labels: Labels) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


FIELDS: dict[str, tuple[str, ...]] = {
    "pods": ("spec.nodeName", "spec.serviceAccountName", "status.phase", "status.podIP"),
    "services": ("spec.clusterIP", "spec.type"),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "replicasets": ("status.replicas",),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.fieldPath",
        "reason",
        "type",
        "source",
    ),
}
ALWAYS = ("metadata.name", "metadata.namespace")
FieldTerm = tuple[str, str, bool]


def parse_fields(resource: Resource, text: str) -> list[FieldTerm]:
    """Return (path, value, equal) terms; an unknown path is refused as the server would."""
    terms: list[FieldTerm] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        path, op, value = match.groups()
        extra = FIELDS.get(resource.name, ())
        if path not in ALWAYS and path not in extra:
            if extra:
                raise bad_request(f"field label not supported: {path}")
            raise bad_request(
                f'"{path}" is not a known field selector: '
                'only "metadata.name", "metadata.namespace"'
            )
        terms.append((path, value, op != "!="))
    return terms


def field_of(obj: Json, path: str) -> str:
    value: object = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else str(value)
