"""An application and its upstream on one page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from applications import actions
from applications.models import Application, Member, Upstream
from applications.validators import validate_host, validate_label
from console.audit import Actor
from console.errors import by_field, under
from console.ui.fields import JsonField, ListField, checkboxes
from console.ui.forms import RowForm, focus_first_error, place
from registries.models import Registry

from .member import MemberRows


class ApplicationForm(RowForm):
    labels = ListField(
        label=_("Labels"),
        required=False,
        check=validate_label,
        rows=1,
        help_text=_("To find it again, e.g. team:shop, beta"),
    )
    protocols = checkboxes(Application.Protocol.choices, label=_("Protocols"))
    hosts = ListField(
        label=_("Hosts"),
        required=False,
        check=validate_host,
        lower=True,
        help_text=_("e.g. shop.example.org or *.example.org, one a line. Empty: every host"),
    )
    plugins = JsonField(
        label=_("Plugins"), help_text=_('As the gateway knows them: {"name": {…configuration…}}')
    )

    class Meta:
        model = Application
        fields = ("name", "description", "labels", "protocols", "hosts", "path_prefix", "plugins")
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "path_prefix": forms.TextInput(attrs={"spellcheck": "false"}),
        }


class UpstreamForm(RowForm):
    home = ""
    checks = JsonField(
        label=_("Health checks"),
        help_text=_("Active and passive checks, as the gateway knows them"),
    )

    class Meta:
        model = Upstream
        fields = (
            "scheme",
            "balance",
            "hash_key",
            "retries",
            "connect_timeout",
            "send_timeout",
            "read_timeout",
            "host_mode",
            "host",
            "checks",
            "on_empty",
            "keep_for",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("connect_timeout", "send_timeout", "read_timeout"):
            self.fields[name].help_text = _("milliseconds")

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


class ApplicationEditor:
    """The three forms of the page, that are saved together or not at all."""

    def __init__(self, application: Application, data: Any = None) -> None:
        self.adding = application._state.adding
        self._application = application
        upstream = self._upstream()
        members = [] if self.adding else list(upstream.members.select_related("registry"))
        registries = list(Registry.objects.filter(control_plane_id=application.control_plane_id))
        self.form = ApplicationForm(data, instance=application)
        self.upstream = UpstreamForm(data, instance=upstream, prefix="upstream")
        self.members = MemberRows(
            data, prefix="members", upstream=upstream, registries=registries, members=members
        )
        self.publish = PublishForm(data, initial={"publish": application.published})
        self.has_registries = bool(registries)

    def attempt(self, actor: Actor) -> bool:
        """Save everything. Tell whether it was done; else the forms have the errors."""
        parts = (self.form, self.upstream, self.members, self.publish)
        valid = [part.is_valid() for part in parts]  # every part says what is wrong with it
        if all(valid):
            try:
                self._save(actor)
            except ValidationError as error:
                self._place(by_field(error))
            else:
                return True
        focus_first_error(self.form, self.upstream, *self.members.shown)
        return False

    def _upstream(self) -> Upstream:
        if self.adding:
            return Upstream(application=self._application)
        upstream = self._application.upstreams.get(version=self._application.default_version)
        upstream.application = self._application
        return upstream

    def _save(self, actor: Actor) -> None:
        application, upstream = self._application, self.upstream.instance
        members: list[Member] = [form.instance for form in self.members.kept]
        was_published = application.published
        with transaction.atomic():
            if self.adding:
                actions.create_application(
                    application=application, upstream=upstream, members=members, actor=actor
                )
            else:
                actions.change_application(application=application, actor=actor)
                with under("upstream"):
                    actions.change_upstream(upstream=upstream, members=members, actor=actor)
            if self.publish.cleaned_data["publish"] and not was_published:
                actions.publish_application(application=application, actor=actor)
            elif was_published and not self.publish.cleaned_data["publish"]:
                actions.unpublish_application(application=application, actor=actor)

    def _place(self, errors: dict[str, list[ValidationError]]) -> None:
        """Put each error of an action beside its field, by the path in its name."""
        for path, found in errors.items():
            part, _dot, name = path.partition(".")
            if part != "upstream" or not name:
                place(self.form, {path: found}, home="name")
            elif name.startswith("members."):
                self._place_at_member(name.removeprefix("members."), found)
            elif name in ("members", NON_FIELD_ERRORS):
                place(self.upstream, {NON_FIELD_ERRORS: found})
            else:
                place(self.upstream, {name: found})

    def _place_at_member(self, path: str, found: list[ValidationError]) -> None:
        number, _dot, name = path.partition(".")
        place(self.members.kept[int(number)], {name: found})


class PublishForm(forms.Form):
    publish = forms.BooleanField(
        label=_("Published"),
        required=False,
        help_text=_("Gateways serve its published APIs. Unpublished, it is a draft."),
    )
