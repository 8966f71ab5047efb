"""Why a gateway is not in sync, in words that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gateways.drivers.base import BadSetting
from gateways.drivers.reasons import Reason
from gateways.health import Phase, Status


@dataclass(frozen=True, slots=True)
class Wording:
    """`headline` says what is the matter, `fix` what to do; both are one sentence."""

    headline: str
    fix: str = ""


def of(status: Status) -> Wording:
    """The words for a status; of one that is fine, what it does."""
    return of_phase(status.phase, status)


def of_phase(phase: str, status: Status, *, by_agent: bool = False) -> Wording:
    """The same for a gateway that is in another phase than its driver said last: switched off; or
    that is to be driven by an agent."""
    if by_agent and phase in (Phase.UNKNOWN, Phase.UNCLAIMED):
        return Wording(
            _("It waits for its agent: none has reported itself yet."),
            _("Start one beside the gateway; this page has what it needs."),
        )
    match phase:
        case Phase.IN_SYNC:
            return Wording(_("It has everything that is published."))
        case Phase.WAITING:
            return Wording(
                _("It waits for the first compilation of its control plane."),
                _("If this lasts, see whether a compiler runs."),
            )
        case Phase.UNCLAIMED:
            return Wording(
                _("It waits for an instance: none has asked for its configuration yet."),
                _("Start one and lead it here; its page shows it within seconds."),
            )
        case Phase.DISABLED:
            return Wording(_("It is switched off and goes on with what it has."))
        case Phase.FAILING:
            return _failing(status.reason)
    return Wording(_("No worker has begun to drive it."), _("Start a worker."))


def of_code(code: str) -> Wording:
    """The words for why a gateway cannot be driven, or asked, by a `DriverError`'s code."""
    return _failing(code)


def reason(why: str) -> str:
    """Why a gateway does not have a resource, in the reader's language; what a server or a library
    said, or a driver of another release, stays as it is."""
    if not isinstance(why, Reason):
        return why
    said = _said(why.text, why.params)
    return f"{why.about}: {said}" if why.about else said


def setting(error: BadSetting) -> str:
    """What is wrong with a setting."""
    return _said(error.text, error.params)


def _said(text: str, params: Mapping[str, str]) -> str:
    found = _(text) if text else ""
    return found % params if params else found


def _failing(reason: str) -> Wording:
    match reason:
        case "unreachable":
            return Wording(
                _("The server that it reads from does not answer."),
                _("Check its address and whether it runs; it is tried again every few seconds."),
            )
        case "unauthorized":
            return Wording(
                _("The server that it reads from refuses the secret."), _("Give the secret again.")
            )
        case "denied":
            return Wording(
                _("The secret's user may not do what is needed."),
                _("Test the connection: it names what has to be permitted."),
            )
        case "no_events":
            return Wording(
                _("It would hear of no change: its Redis sends no keyspace events."),
                _("Set notify-keyspace-events to Kh on that server."),
            )
        case "emptied":
            return Wording(
                _("What it had been given was taken away behind our back."),
                _("It is given everything anew; look who empties that server."),
            )
        case "changed":
            return Wording(
                _("Somebody else has written its configuration meanwhile."),
                _("It is given everything anew; look who writes to it besides us."),
            )
        case "fenced":
            return Wording(
                _("A newer driver has it."),
                _("A moment is normal after a hand-over. Else two drivers or an agent are at it."),
            )
        case "answer" | "refused":
            return Wording(
                _("It answers in a way that is not expected of this kind."),
                _("Check that its address leads to this kind and release; the words are below."),
            )
        case "foreign" | "mode":
            return Wording(
                _("What answers there is something else, or works in another mode."),
                _("Check its address and the mode in its settings."),
            )
        case "file":
            return Wording(
                _("Its file cannot be read or written."),
                _("Check the path, the rights there, and GATEWAYS_FILE_FOLDERS of the driver."),
            )
        case "instances":
            return Wording(
                _("No instance takes what it is given."),
                _("See below what each instance says."),
            )
        case "settings":
            return Wording(_("Its settings do not fit."), _("Correct them."))
        case "house":
            return Wording(
                _("Its worker cannot reach our own Redis or PostgreSQL."),
                _("See whether both run; it goes on by itself."),
            )
        case "quarantined":
            return Wording(
                _("It is in quarantine: workers died when they began with it."),
                _("Look at the workers' last log lines and their memory limits."),
            )
    return Wording(
        _("It does not take what it is given."), _("Test the connection: it names the step.")
    )
