"""What a gateway's driver last said about it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from console import redis
from console.board import Board
from console.contract import keys
from console.redis import RedisError
from gateways.drivers.reasons import Reason

log = logging.getLogger(__name__)


class Phase(models.TextChoices):
    UNKNOWN = "unknown", _("not started")
    DISABLED = "disabled", _("disabled")
    WAITING = "waiting", _("waiting for the first compilation")
    UNCLAIMED = "unclaimed", _("waiting for an instance")
    IN_SYNC = "in_sync", _("in sync")
    FAILING = "failing", _("failing")


COLOURS = {
    Phase.UNKNOWN: "secondary",
    Phase.DISABLED: "secondary",
    Phase.WAITING: "azure",
    Phase.UNCLAIMED: "azure",
    Phase.IN_SYNC: "green",
    Phase.FAILING: "red",
}


class Marked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A `Reason` on its way through Redis."""

    text: str
    params: dict[str, str] = {}
    about: str = ""


class Status(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One word of a driver. Times are milliseconds since the Unix epoch; 0: never."""

    phase: str = Phase.UNKNOWN.value
    reason: str = ""  # a code of why it fails (`gateways.wording`)
    text: str = ""  # what fails, in a sentence
    since: int = 0
    said_at: int = 0
    applied: str = ""  # position in the control plane's feed, epoch-seq
    applied_at: int = 0
    lag_ms: int = 0  # read from the API server → confirmed, newest change of nodes
    resources: int = 0
    written: int = 0  # keys or objects of the gateway, by this driver
    refused: dict[str, str] = {}  # state key → why this kind of gateway cannot have it
    refused_marked: dict[str, Marked] = {}  # the same, for other languages than English
    audited_at: int = 0  # when the gateway was last asked what it serves
    differences: dict[str, str] = {}  # state key → what it served otherwise then, with addresses
    differences_marked: dict[str, Marked] = {}
    healed: int = 0  # how often it was given everything anew because differences lasted

    @property
    def refusals(self) -> dict[str, str]:
        """`refused`, as `Reason`s where its driver said how (`gateways.wording.reason`)."""
        return _reasons(self.refused, self.refused_marked)

    @property
    def deviations(self) -> dict[str, str]:
        """`differences` alike."""
        return _reasons(self.differences, self.differences_marked)


def plain(said: Mapping[str, str]) -> dict[str, str]:
    """Reasons in English alone."""
    return {key: str(why) for key, why in said.items()}


def marked(said: Mapping[str, str]) -> dict[str, Marked]:
    """What reasons were made of."""
    return {
        key: Marked(text=why.text, params=dict(why.params), about=why.about)
        for key, why in said.items()
        if isinstance(why, Reason)
    }


def _reasons(said: Mapping[str, str], marks: Mapping[str, Marked]) -> dict[str, str]:
    return {
        key: Reason(mark.text, mark.params, about=mark.about) if (mark := marks.get(key)) else why
        for key, why in said.items()
    }


board = Board(Status, owner=keys.gateway)
write = board.write
read = board.read


def forget(gateway_id: str) -> None:
    """Take away what was said of a gateway that is deleted. With Redis away it stays there: nobody
    asks for it."""
    owner = keys.gateway(gateway_id)
    try:
        redis.store().unlink(keys.status(owner), keys.instances(owner), keys.served(owner))
    except RedisError as error:
        log.warning("what was said of the deleted gateway %s stays: %s", gateway_id, error)
