"""An application and its upstream on one page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from applications import actions
from applications.models import Application, Member, Upstream
from applications.validators import validate_host, validate_label
from console.audit import Actor
from console.errors import by_field, under
from console.ui.fields import ListField, checkboxes
from console.ui.forms import RowForm, focus_first_error, place
from registries.models import Registry

from . import copies, seal
from .plugins import PluginsField, WithPlugins
from .upstream import UpstreamParts


class ApplicationForm(WithPlugins, RowForm):
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
    plugins = PluginsField()

    class Meta:
        model = Application
        fields = ("name", "description", "labels", "protocols", "hosts", "path_prefix", "plugins")
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "path_prefix": forms.TextInput(attrs={"spellcheck": "false"}),
        }


class PublishForm(forms.Form):
    publish = forms.BooleanField(
        label=_("Published"),
        required=False,
        help_text=_("Gateways serve its published APIs. Unpublished, it is a draft."),
    )


class CopyForm(forms.Form):
    """What a copy takes along."""

    apis = forms.BooleanField(label=_("Copy its APIs too"), required=False, initial=True)


class ApplicationEditor:
    """The forms of the page, that are saved together or not at all. `source` is the application
    that a new one is a copy of."""

    def __init__(
        self, application: Application, data: Any = None, *, source: Application | None = None
    ) -> None:
        self.adding = application._state.adding
        self.source = source
        self._application = application
        upstream, members = self._upstream()
        registries = list(Registry.objects.filter(control_plane_id=application.control_plane_id))
        self.sealed = "" if self.adding else seal.seal(application, upstream)
        if data is not None:
            self.sealed = data.get(seal.FIELD, "")
        self.form = ApplicationForm(data, instance=application)
        self.parts = UpstreamParts(data, upstream=upstream, rows=members, registries=registries)
        self.publish = PublishForm(data, initial={"publish": application.published})
        self.copy = CopyForm(data, prefix="copy") if source else None
        self.has_registries = bool(registries)
        if source and data is None:
            self.form.fields["hosts"].widget.attrs["autofocus"] = True

    @property
    def upstream(self) -> forms.BaseForm:
        return self.parts.form

    @property
    def members(self) -> Any:
        return self.parts.members

    @property
    def blocks(self) -> list[tuple[str, Any, bool]]:
        """The blocks of the page: id, label, and whether something is wrong there."""
        wrong = set(self.form.errors)
        upstream = any(part.errors for part in self.parts.in_order)
        return [
            ("basic", _("Basic"), bool(wrong - {"plugins"})),
            ("upstream", _("Upstream"), upstream),
            ("plugins", _("Plugins"), "plugins" in wrong),
        ]

    def attempt(self, actor: Actor) -> bool:
        """Save everything. Tell whether it was done; else the forms have the errors."""
        copied = [self.copy] if self.copy else []
        parts: list[Any] = [self.form, self.parts, self.publish, *copied]
        valid = [part.is_valid() for part in parts]  # every part says what is wrong with it
        if all(valid):
            try:
                self._save(actor)
            except seal.Overtaken as error:
                self.sealed = error.sealed
                self.form.add_error(None, error.text)
            except ValidationError as error:
                self._place(by_field(error))
            else:
                return True
        focus_first_error(self.form, *self.parts.in_order)
        return False

    def _upstream(self) -> tuple[Upstream, list[Member]]:
        if self.source:
            upstream, members = copies.upstream_of(self.source)
        elif self.adding:
            return Upstream(application=self._application), []
        else:
            upstream = self._application.upstreams.get(version=self._application.default_version)
            members = list(upstream.members.select_related("registry"))
        upstream.application = self._application
        return upstream, members

    def _save(self, actor: Actor) -> None:
        application = self._application
        upstream, members = self.parts.read()
        was_published = application.published
        with transaction.atomic():
            if self.adding:
                actions.create_application(
                    application=application, upstream=upstream, members=members, actor=actor
                )
                if self.source and self.copy and self.copy.cleaned_data["apis"]:
                    copies.copy_apis(self.source, application, actor=actor)
            else:
                actions.hold(application=application, row=upstream)
                seal.check(self.sealed, application.control_plane)
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
            if part == "upstream" and name:
                self.parts.place(name, found)
            else:
                place(self.form, {path: found}, home="name")
