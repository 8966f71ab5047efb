"""The trace of one request."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from applications.models import Upstream
from console.contract import matching
from console.contract.matching import Request, Verdict

from . import candidates, wording
from .candidates import LIVE, Candidate, State
from .wording import Check

# Routes that do not take the request and are told of; the others are counted.
_NEAREST = 20


class Outcome(StrEnum):
    """What becomes of the request."""

    ROUTED = "routed"
    REDIRECTED = "redirected"  # to https
    PERHAPS = "perhaps"  # an expression that only the gateway can judge comes first
    NOT_FOUND = "not_found"  # 404


@dataclass(frozen=True, slots=True)
class Traced:
    """One route: what it says to the request, condition by condition."""

    candidate: Candidate
    verdict: Verdict
    checks: tuple[Check, ...]

    @property
    def fits(self) -> bool | None:
        return self.verdict.fits

    @property
    def missed(self) -> int:
        return sum(one.ok is False for one in self.checks)


@dataclass(frozen=True, slots=True)
class Trace:
    """`winner` takes the request. `perhaps` go before it if the gateway says so. `others` do not
    take it, the nearest first; `beyond` more have neither the host nor the path. `known` is False
    if Redis did not answer: then rows stand for what gateways are told."""

    request: Request
    outcome: Outcome
    winner: Traced | None
    perhaps: tuple[Traced, ...]
    others: tuple[Traced, ...]
    beyond: int
    known: bool

    def upstream(self) -> Upstream | None:
        """Where the request goes; two queries."""
        if self.winner is None:
            return None
        rows = Upstream.objects.select_related("application")
        try:
            return rows.filter(pk=uuid.UUID(self.winner.verdict.route.upstream)).first()
        except ValueError:
            return None


def trace(control_plane_id: uuid.UUID, request: Request) -> Trace:
    """Four queries and one look into Redis, however many routes there are."""
    found = candidates.of(control_plane_id)
    judged = [(one, matching.judge(one.route, request)) for one in found]
    live = [pair for pair in judged if pair[0].state in LIVE and pair[1].fits is not False]
    live.sort(key=lambda pair: pair[1].rank, reverse=True)
    winner = next((pair for pair in live if pair[1].fits), None)
    before = [pair for pair in live if pair[1].fits is None and _goes_before(pair, winner)]
    taken = {id(pair[0]) for pair in [*before, *([winner] if winner else [])]}
    rest = [pair for pair in judged if id(pair[0]) not in taken]
    near = [pair for pair in rest if _is_near(pair[1])]
    shown = sorted(near, key=lambda pair: _distance(pair, request))[:_NEAREST]
    return Trace(
        request=request,
        outcome=_outcome(winner, before, request),
        winner=_traced(winner, request) if winner else None,
        perhaps=tuple(_traced(pair, request) for pair in before),
        others=tuple(_traced(pair, request, winner) for pair in shown),
        beyond=len(rest) - len(shown),
        known=all(one.state is not State.UNKNOWN for one in found),
    )


_Pair = tuple[Candidate, Verdict]


def _goes_before(pair: _Pair, winner: _Pair | None) -> bool:
    return winner is None or pair[1].rank > winner[1].rank


def _outcome(winner: _Pair | None, before: Sequence[_Pair], request: Request) -> Outcome:
    if before:
        return Outcome.PERHAPS
    if winner is None:
        return Outcome.NOT_FOUND
    if winner[1].route.redirect_https and request.scheme == "http":
        return Outcome.REDIRECTED
    return Outcome.ROUTED


def _traced(pair: _Pair, request: Request, winner: _Pair | None = None) -> Traced:
    candidate, verdict = pair
    said = list(wording.checks(candidate, verdict, request))
    if winner and verdict.fits is not False and candidate.state in LIVE:
        said.append(wording.loses(verdict, winner[1]))
    return Traced(candidate, verdict, tuple(said))


def _is_near(verdict: Verdict) -> bool:
    """Whether it has something to do with the request. A route of every host or every path is near
    to all of them, so the other one has to fit too."""
    if verdict.host is None:
        return verdict.path is not None and verdict.path.path != "/"
    return bool(verdict.host) or verdict.path is not None


def _distance(pair: _Pair, request: Request) -> tuple[int, int, int, int, str]:
    """What is nearer comes first: what fits, then what misses the fewest conditions, then what has
    most of the path in common."""
    candidate, verdict = pair
    missed = sum(
        (
            2 * (verdict.host is None),
            verdict.path is None,
            not verdict.method,
            verdict.fulfilled is False,
        )
    )
    common = 0
    if verdict.path is None:
        paths = matching.paths_of(verdict.route)
        common = max(_in_common(one.path, request.path) for one in paths)
    return (missed, candidate.state not in LIVE, -verdict.rank, -common, candidate.route.name)


def _in_common(left: str, right: str) -> int:
    """How many letters two paths begin with alike."""
    pairs = enumerate(zip(left, right, strict=False))
    return next(
        (place for place, (one, other) in pairs if one != other), min(len(left), len(right))
    )
