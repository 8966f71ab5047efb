"""What a route says to a request, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.contract import matching, wire
from console.contract.matching import Request, Verdict

from .candidates import Candidate, State

_SHOWN = 3  # hosts or paths that are named

_SUBJECTS = {
    "header": gettext_lazy("header %(name)s"),
    "query": gettext_lazy("query parameter %(name)s"),
    "cookie": gettext_lazy("cookie %(name)s"),
    "path": gettext_lazy("path"),
    "variable": gettext_lazy("variable %(name)s"),
}
_OPERATORS = {
    "equal": gettext_lazy("%(subject)s is “%(value)s”"),
    "not_equal": gettext_lazy("%(subject)s is not “%(value)s”"),
    "regex_match": gettext_lazy("%(subject)s fits “%(value)s”"),
    "regex_not_match": gettext_lazy("%(subject)s does not fit “%(value)s”"),
    "present": gettext_lazy("%(subject)s is there"),
    "not_present": gettext_lazy("%(subject)s is not there"),
    "larger_than": gettext_lazy("%(subject)s is larger than %(value)s"),
    "larger_equal": gettext_lazy("%(subject)s is at least %(value)s"),
    "less_than": gettext_lazy("%(subject)s is less than %(value)s"),
    "less_equal": gettext_lazy("%(subject)s is at most %(value)s"),
}
_STATES = {
    State.DRAFT_API: gettext_lazy("The API is a draft: gateways do not know it."),
    State.DRAFT_APPLICATION: gettext_lazy(
        "The application is a draft: gateways do not know its APIs."
    ),
    State.NOT_COMPILED: gettext_lazy("It is published, but not compiled yet."),
    State.NOWHERE: gettext_lazy("The application has no default upstream: it leads nowhere."),
    State.GONE: gettext_lazy("It has just been deleted; gateways hear of it in a moment."),
    State.UNKNOWN: gettext_lazy(
        "Redis does not answer: whether gateways have been told of it is unknown."
    ),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One condition. `ok` None: only the gateway can tell. `code` is for programs."""

    code: str
    ok: bool | None
    text: str
    values: dict[str, Any] = field(default_factory=dict)


def checks(candidate: Candidate, verdict: Verdict, request: Request) -> Iterator[Check]:
    """Every condition of a route, in the order in which it is looked at."""
    yield _host(verdict, request)
    yield _path(verdict, request)
    if verdict.route.methods:
        yield _method(verdict, request)
    yield from _expressions(verdict)
    if candidate.state in _STATES:
        ok = None if candidate.state in (State.UNKNOWN, State.GONE) else False
        yield Check(candidate.state.value, ok, str(_STATES[candidate.state]))


def loses(verdict: Verdict, winner: Verdict) -> Check:
    """Why a route that fits is not taken: another one is more specific, in this respect."""
    route, other = verdict.route, winner.route
    host, path = winner.host or "", winner.path or wire.Path(path="/")
    own_host, own_path = verdict.host or "", verdict.path or wire.Path(path="/")
    values = {"name": other.name, "path": path.path, "host": host}
    if matching.host_rank(host) != matching.host_rank(own_host):
        code = "exact_host_wins" if not host.startswith("*.") else "longer_wildcard_wins"
        if not own_host:
            text = _("“%(name)s” wins: it names the host, this one takes every host.")
        elif code == "exact_host_wins":
            text = _("“%(name)s” wins: an exact host goes before a wildcard.")
        else:
            text = _("“%(name)s” wins: its wildcard is the longer one.")
    elif len(path.path) != len(own_path.path):
        code, text = "longer_path_wins", _("“%(name)s” wins: its path %(path)s is longer.")
    elif path.exact != own_path.exact:
        code, text = "exact_path_wins", _("“%(name)s” wins: an exact path goes before a prefix.")
    elif bool(other.methods) != bool(route.methods):
        code = "method_wins"
        text = _("“%(name)s” wins: it names its methods, this one takes every method.")
    elif len(other.expressions) != len(route.expressions) or other.match_any != route.match_any:
        code, text = "expressions_win", _("“%(name)s” wins: it has more expressions.")
    else:
        code = "equal"
        text = _(
            "“%(name)s” has equal conditions; which of the two is taken is decided by their ids."
            " Make one of them more specific."
        )
    return Check(code, False, text % values, values)


def expression(one: wire.Expression) -> str:
    """A condition in words: header X-Canary is “1”."""
    subject = str(_SUBJECTS.get(one.subject, one.subject)) % {"name": one.name}
    words = str(_OPERATORS.get(one.operator, "%(subject)s ? %(value)s"))
    return words % {"subject": subject, "value": one.value}


def _host(verdict: Verdict, request: Request) -> Check:
    hosts = verdict.route.hosts
    values: dict[str, Any] = {"host": request.host or "–", "hosts": _named(hosts)}
    if not hosts:
        return Check("host", True, _("It takes every host."), values)
    if verdict.host is not None:
        text = _("The host %(host)s fits %(pattern)s.")
        return Check("host", True, text % {**values, "pattern": verdict.host}, values)
    near = [one for one in hosts if one.startswith("*.") and request.host.endswith(one[1:])]
    if near:
        text = _("The host %(host)s does not fit %(pattern)s: the * is exactly one label.")
        return Check("host_not", False, text % {**values, "pattern": near[0]}, values)
    return Check("host_not", False, _("The host %(host)s is not %(hosts)s.") % values, values)


def _path(verdict: Verdict, request: Request) -> Check:
    values: dict[str, Any] = {"path": request.path}
    if verdict.path is not None:
        values["pattern"] = verdict.path.path
        if verdict.path.exact:
            text = _("The path is exactly %(pattern)s.")
        elif verdict.path.path == "/":
            text = _("It takes every path.")
        else:
            text = _("The path %(path)s is below the prefix %(pattern)s.")
        return Check("path", True, text % values, values)
    paths = matching.paths_of(verdict.route)
    values["paths"] = [one.path for one in paths]
    said = " ".join(_path_not(one, request.path) for one in paths[:_SHOWN])
    return Check("path_not", False, f"{said} …" if len(paths) > _SHOWN else said, values)


def _path_not(path: wire.Path, asked: str) -> str:
    values = {"path": asked, "pattern": path.path}
    if path.path.lower() != path.path or asked.lower() != asked:
        folded = wire.Path(path=path.path.lower(), exact=path.exact)
        if matching.path_fits(folded, asked.lower()):
            text = _("The path %(path)s differs from %(pattern)s in upper and lower case.")
            return text % values
    if path.exact and matching.path_fits(wire.Path(path=path.path), asked):
        return _("The path %(path)s is below %(pattern)s, but that is meant exactly.") % values
    if path.exact:
        return _("The path %(path)s is not exactly %(pattern)s.") % values
    if asked == path.path.rstrip("/"):
        return _("The path %(path)s lacks the slash at the end of the prefix %(pattern)s.") % values
    if asked.startswith(path.path):
        text = _("The path %(path)s begins with %(pattern)s, but a prefix ends at a slash.")
        return text % values
    return _("The path %(path)s is not below the prefix %(pattern)s.") % values


def _method(verdict: Verdict, request: Request) -> Check:
    values: dict[str, Any] = {
        "method": request.method,
        "methods": ", ".join(verdict.route.methods),
    }
    if verdict.method:
        return Check("method", True, _("The method %(method)s is named.") % values, values)
    text = _("The method %(method)s is not among %(methods)s.")
    return Check("method_not", False, text % values, values)


def _expressions(verdict: Verdict) -> Iterator[Check]:
    """With `match_any` one that is fulfilled is enough: then the others are no fault."""
    enough = verdict.route.match_any and verdict.fulfilled
    for one, holds in zip(verdict.route.expressions, verdict.expressions, strict=True):
        values = {"condition": expression(one)}
        if holds is None:
            text = _("Only the gateway can tell whether this holds: %(condition)s.")
            yield Check("expression_unknown", True if enough else None, text % values, values)
        elif holds:
            text = _("It is fulfilled: %(condition)s.")
            yield Check("expression", True, text % values, values)
        elif enough:
            text = _("Not fulfilled, but one of several is enough: %(condition)s.")
            yield Check("expression_not_needed", True, text % values, values)
        else:
            text = _("It is not fulfilled: %(condition)s.")
            yield Check("expression_not", False, text % values, values)


def _named(names: tuple[str, ...]) -> str:
    listed = ", ".join(names[:_SHOWN])
    return f"{listed}, …" if len(names) > _SHOWN else listed
