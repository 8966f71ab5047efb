"""The parameters of lists and watches: read, and refused where the real server refuses them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from practice.status import Causes, bad_request

MATCH = "resourceVersionMatch"


def truth(value: str | None) -> bool:
    """Whether a parameter is set: any word but two counts as yes, the empty one too."""
    return value is not None and value.lower() not in ("0", "false")


def parse_version(text: str) -> int:
    """Return a version as a number, or raise ValueError with the server's words."""
    if re.fullmatch(r"[0-9]{1,19}", text or "0"):
        return int(text or "0")
    why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
    raise ValueError(f'resourceVersion: Invalid value: "{text}": {why}')


def check_options(
    params: Mapping[str, str], *, watch: bool, known: bool = True, watch_list: bool = True
) -> None:
    """Refuse combinations of parameters that the real server refuses, with 422.

    Servers before 1.27 do not know `sendInitialEvents`; others may have it turned off by a gate.
    """
    causes = Causes()
    if watch:
        _check_watch(causes, params, known=known)
        if known and not watch_list and "sendInitialEvents" in params:
            why = "is forbidden for watch unless the WatchList feature gate is enabled"
            causes.forbidden("sendInitialEvents", f"sendInitialEvents {why}")
    else:
        _check_list(causes, params)
    causes.raise_for("ListOptions", "", group="meta.k8s.io")


def _check_watch(causes: Causes, params: Mapping[str, str], *, known: bool) -> None:
    match = params.get("resourceVersionMatch", "")
    if not known:
        # The parameter is passed over, and its companion refused.
        if match:
            causes.forbidden(MATCH, "resourceVersionMatch is forbidden for watch")
        return
    if "sendInitialEvents" in params:
        if match != "NotOlderThan":
            why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            causes.forbidden(MATCH, why)
    elif match:
        why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        causes.forbidden(MATCH, why)
    if match not in ("", "NotOlderThan"):
        causes.unsupported(MATCH, match, ("NotOlderThan",))
    if match and params.get("continue"):
        causes.forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided")


def _check_list(causes: Causes, params: Mapping[str, str]) -> None:
    match = params.get("resourceVersionMatch", "")
    version = params.get("resourceVersion", "")
    if match:
        if not version:
            why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
            causes.forbidden(MATCH, why)
        if params.get("continue"):
            causes.forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided")
        if match not in ("Exact", "NotOlderThan"):
            causes.unsupported(MATCH, match, ("Exact", "NotOlderThan", ""))
        if match == "Exact" and version == "0":
            why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            causes.forbidden(MATCH, why)
    if "sendInitialEvents" in params:
        causes.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")


def parse_limit(params: Mapping[str, str]) -> int:
    text = params.get("limit") or "0"
    try:
        return max(0, int(text))
    except ValueError:
        why = f'strconv.ParseInt: parsing "{text}": invalid syntax'
        raise bad_request(why) from None
