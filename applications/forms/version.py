"""A version of an application's backend on a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from applications import actions
from applications.models import Member, Upstream
from console.audit import Actor
from console.errors import by_field
from console.ui.forms import focus_first_error
from registries.models import Registry

from . import seal
from .upstream import UpstreamParts, VersionForm


class VersionEditor:
    def __init__(self, upstream: Upstream, data: Any = None, *, rows: Sequence[Member]) -> None:
        self.adding = upstream._state.adding
        plane = upstream.application.control_plane_id
        registries = list(Registry.objects.filter(control_plane_id=plane))
        self.sealed = seal.seal(upstream) if data is None else data.get(seal.FIELD, "")
        self.parts = UpstreamParts(
            data, upstream=upstream, rows=rows, registries=registries, form=VersionForm
        )
        self.form = self.parts.form
        self.has_registries = bool(registries)

    def attempt(self, actor: Actor) -> bool:
        """Save it. Tell whether it was done; else the forms have the errors."""
        if self.parts.is_valid():
            try:
                self._save(actor)
            except seal.Overtaken as error:
                self.sealed = error.sealed
                self.form.add_error(None, error.text)
            except ValidationError as error:
                for path, found in by_field(error).items():
                    self.parts.place(path, found)
            else:
                return True
        focus_first_error(self.form, *self.parts.in_order)
        return False

    def _save(self, actor: Actor) -> None:
        upstream, members = self.parts.read()
        with transaction.atomic():
            if self.adding:
                actions.create_upstream(upstream=upstream, members=members, actor=actor)
            else:
                actions.hold(application=upstream.application, row=upstream)
                seal.check(self.sealed, upstream.application.control_plane)
                actions.change_upstream(upstream=upstream, members=members, actor=actor)
