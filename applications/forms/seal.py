"""Noticing that somebody else saved meanwhile.

A form carries a seal: which rows it shows and when each was last changed. It is compared when the
form is saved, inside the transaction, and by the page itself while it is open.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.models import Api, Application, Upstream
from console.models import AuditEntry, ControlPlane

FIELD = "seen"
_MODELS: dict[str, type[Api] | type[Application] | type[Upstream]] = {
    "api": Api,
    "application": Application,
    "upstream": Upstream,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Overtaken(Exception):
    """Somebody else was there first. `sealed` is the seal of what they left."""

    def __init__(self, text: str, sealed: str) -> None:
        super().__init__(text)
        self.text = text
        self.sealed = sealed


def seal(*rows: Api | Application | Upstream) -> str:
    """The rows as they are known: ``application:ID@MICROSECONDS`` each, separated by blanks."""
    return " ".join(
        f"{row._meta.model_name}:{row.pk}@{_micros(row.updated_at)}"
        for row in rows
        if not row._state.adding
    )


def broken(sealed: str, control_plane: ControlPlane) -> str:
    """Say who changed what since the seal was made; nothing if nobody did. A seal that makes no
    sense is nobody's: it says nothing."""
    for kind, row_id, micros in _parts(sealed):
        now = _updated_at(kind, row_id, control_plane)
        if now is None or _micros(now) != micros:
            return _sentence(kind, row_id, micros, gone=now is None)
    return ""


def renewed(sealed: str, control_plane: ControlPlane) -> str:
    """The same rows as they are now; those that are gone are left out."""
    found = (
        (kind, row_id, _updated_at(kind, row_id, control_plane))
        for kind, row_id, _micros in _parts(sealed)
    )
    return " ".join(f"{kind}:{row_id}@{_micros(at)}" for kind, row_id, at in found if at)


def check(sealed: str, control_plane: ControlPlane) -> None:
    """Raise `Overtaken` if the seal is broken."""
    said = broken(sealed, control_plane)
    if said:
        end = _(
            "Nothing was saved, and what you typed is still here. Save again to put it in the"
            " place of the other change, or load the page anew to see that first."
        )
        raise Overtaken(f"{said} {end}", renewed(sealed, control_plane))


def _parts(sealed: str) -> Iterator[tuple[str, uuid.UUID, int]]:
    for part in sealed.split()[:8]:
        kind, _colon, rest = part.partition(":")
        row_id, _at, micros = rest.partition("@")
        try:
            found = kind, uuid.UUID(row_id), int(micros)
        except ValueError:
            continue
        if kind in _MODELS:
            yield found


def _updated_at(kind: str, row_id: uuid.UUID, control_plane: ControlPlane) -> datetime | None:
    model = _MODELS[kind]
    owner = "control_plane" if model is Application else "application__control_plane"
    rows = model._default_manager.filter(pk=row_id, **{owner: control_plane})
    return rows.values_list("updated_at", flat=True).first()


def _micros(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _sentence(kind: str, row_id: uuid.UUID, micros: int, *, gone: bool) -> str:
    entries = AuditEntry.objects.filter(object_id=str(row_id), object_type=kind).order_by("-at")
    entry = entries.first()
    if entry is None:
        return _("Somebody changed this after you opened it.")
    values = {
        "who": entry.actor_name,
        "when": timezone.localtime(entry.at).strftime("%H:%M:%S"),
        "what": ", ".join(_words(_MODELS[kind], entry.after or {})),
    }
    if gone:
        return _("%(who)s deleted this at %(when)s, after you opened it.") % values
    if entry.verb == AuditEntry.Verb.PUBLISHED:
        return _("%(who)s published this at %(when)s, after you opened it.") % values
    if entry.verb == AuditEntry.Verb.UNPUBLISHED:
        return _("%(who)s unpublished this at %(when)s, after you opened it.") % values
    if values["what"]:
        return _("%(who)s changed this at %(when)s, after you opened it: %(what)s.") % values
    return _("%(who)s changed this at %(when)s, after you opened it.") % values


def _words(model: type[models.Model], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        try:
            yield str(getattr(model._meta.get_field(name), "verbose_name", name))
        except FieldDoesNotExist:
            yield _("members") if name == "members" else name
