"""What a gateway's driver last said about it."""

from __future__ import annotations

import logging

from django.db import models
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from console import redis
from console.board import Board
from console.contract import keys
from console.redis import RedisError

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
    audited_at: int = 0  # when the gateway was last asked what it serves
    differences: dict[str, str] = {}  # state key → what it served otherwise then, with addresses
    healed: int = 0  # how often it was given everything anew because differences lasted


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
