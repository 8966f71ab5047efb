"""The forms that together are one version of an application's backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from applications.models import Member, Upstream
from console.ui.forms import RowForm, place
from registries.models import Registry

from .checks import Checks
from .member import MemberRows


class UpstreamForm(RowForm):
    home = ""

    class Meta:
        model = Upstream
        fields: Sequence[str] = (
            "scheme",
            "balance",
            "hash_key",
            "retries",
            "connect_timeout",
            "send_timeout",
            "read_timeout",
            "host_mode",
            "host",
            "on_empty",
            "keep_for",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("connect_timeout", "send_timeout", "read_timeout"):
            self.fields[name].help_text = _("milliseconds")
            self.fields[name].widget.attrs["data-unit"] = _("ms")
        self.fields["keep_for"].widget.attrs["data-unit"] = _("s")

    def clean(self) -> dict[str, Any]:
        """Where nothing is kept, how long is hidden: what stands there refuses no form."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("on_empty") == Upstream.OnEmpty.FAIL:
            try:
                Upstream._meta.get_field("keep_for").run_validators(cleaned.get("keep_for", 0))
            except ValidationError:
                self.errors.pop("keep_for", None)
                cleaned["keep_for"] = self.instance.keep_for
        return cleaned


class VersionForm(UpstreamForm):
    """With the version's name, which an application's own page does not show."""

    home = "version"

    class Meta(UpstreamForm.Meta):
        fields = ("version", *UpstreamForm.Meta.fields)
        help_texts = {"version": _("e.g. blue, green, v2")}


class UpstreamParts:
    """The fields of an upstream, its health checks and its members. `rows` are the members to
    begin with."""

    def __init__(
        self,
        data: Any,
        *,
        upstream: Upstream,
        rows: Sequence[Member],
        registries: Sequence[Registry],
        form: type[UpstreamForm] = UpstreamForm,
    ) -> None:
        self.form = form(data, instance=upstream, prefix="upstream")
        self.checks = Checks(data, stored=upstream.checks)
        self.members = MemberRows(
            data, prefix="members", upstream=upstream, registries=registries, members=rows
        )

    @property
    def in_order(self) -> list[forms.BaseForm]:
        """As they stand on the page."""
        return [*self.members.shown, self.form, *self.checks.forms]

    def is_valid(self) -> bool:
        parts = (self.form, self.checks, self.members)
        valid = [part.is_valid() for part in parts]  # every part says what is wrong with it
        return all(valid)

    def read(self) -> tuple[Upstream, list[Member]]:
        """What is to be saved. The parts are valid."""
        upstream: Upstream = self.form.instance
        upstream.checks = self.checks.written()
        return upstream, [form.instance for form in self.members.kept]

    def place(self, path: str, found: list[ValidationError]) -> None:
        """Put errors beside their field, by the path in its name: ``members.0.host``."""
        if path.startswith("members."):
            number, _dot, name = path.removeprefix("members.").partition(".")
            place(self.members.kept[int(number)], {name: found})
        elif path == "members":
            place(self.form, {NON_FIELD_ERRORS: found})
        else:
            place(self.form, {path: found}, home=self.form.home)
