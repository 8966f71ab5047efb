"""Applications in Django admin.

A new one is given with the first member of its default upstream, as an application has no life
without; afterwards upstreams have a page of their own.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from applications import actions
from applications.forms import ApplicationForm
from applications.models import Application, Member, Upstream
from console.ui.admin import ActionAdmin
from console.ui.fields import JsonField
from registries.models import Registry

_MEMBER = "upstream.members.0."


class ApplicationAdminForm(ApplicationForm):
    plugins = JsonField(  # type: ignore[assignment] # the same values, drawn as text
        label=_("Plugins"), help_text=_('As the gateway knows them: {"name": {…configuration…}}')
    )
    publish = forms.BooleanField(label=_("Published"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["publish"] = self.instance.published


class ApplicationAddForm(ApplicationAdminForm):
    member_kind = forms.ChoiceField(label=_("Kind"), choices=Member.Kind.choices)
    member_registry = forms.ModelChoiceField(
        Registry.objects.all(), label=_("Registry"), required=False
    )
    member_namespace = forms.CharField(label=_("Namespace"), required=False)
    member_service = forms.CharField(label=_("Service"), required=False)
    member_service_port = forms.CharField(label=_("Service port"), required=False)
    member_host = forms.CharField(label=_("Host"), required=False)
    member_port = forms.IntegerField(label=_("Port"), required=False)

    def member(self) -> Member:
        names = ("kind", "registry", "namespace", "service", "service_port", "host", "port")
        return Member(**{name: self.cleaned_data[f"member_{name}"] for name in names})


@admin.register(Application)
class ApplicationAdmin(ActionAdmin[Application]):
    form = ApplicationAdminForm
    list_display = ("name", "control_plane", "hosts", "path_prefix", "published", "updated_at")
    list_filter = ("control_plane", "published")
    list_select_related = ("control_plane",)
    search_fields = ("name", "description")
    readonly_fields = ("default_version", "revision", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("control_plane", "name", "description", "labels", "publish")}),
        (_("Requests"), {"fields": ("protocols", "hosts", "path_prefix")}),
        (_("Advanced"), {"fields": ("plugins",)}),
        (_("Numbers"), {"fields": readonly_fields}),
    )
    add_fieldsets = (
        *fieldsets[:2],
        (
            _("First member of its upstream"),
            {
                "fields": (
                    "member_kind",
                    "member_registry",
                    "member_namespace",
                    "member_service",
                    "member_service_port",
                    "member_host",
                    "member_port",
                )
            },
        ),
        fieldsets[2],
    )

    def get_fieldsets(self, request: HttpRequest, obj: Application | None = None) -> Any:
        return self.add_fieldsets if obj is None else self.fieldsets

    def get_form(
        self,
        request: HttpRequest,
        obj: Application | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if obj is None:
            kwargs["form"] = ApplicationAddForm
        return super().get_form(request, obj, change=change, **kwargs)

    def field_of(self, path: str) -> str:
        if path.startswith(_MEMBER):
            return f"member_{path.removeprefix(_MEMBER)}"
        return path

    def create_row(self, request: HttpRequest, row: Application, form: Any) -> None:
        actions.create_application(
            application=row, upstream=Upstream(), members=[form.member()], actor=request.user
        )
        self._switch(request, row, form)

    def change_row(self, request: HttpRequest, row: Application, form: Any) -> None:
        actions.change_application(application=row, actor=request.user)
        self._switch(request, row, form)

    def delete_row(self, request: HttpRequest, row: Application) -> None:
        actions.delete_application(application=row, actor=request.user)

    def _switch(self, request: HttpRequest, row: Application, form: Any) -> None:
        wanted = form.cleaned_data["publish"]
        verb = actions.publish_application if wanted else actions.unpublish_application
        verb(application=row, actor=request.user)
