"""Django admin of service registries."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.ui.admin import ActionAdmin, ReadOnlyAdmin
from registries import actions
from registries.forms import RegistryForm
from registries.models import Registry, Transition


class RegistryAdminForm(RegistryForm):
    class Meta(RegistryForm.Meta):
        exclude = ("token",)  # the model's own column; the form's field stays, to write only


@admin.register(Registry)
class RegistryAdmin(ActionAdmin[Registry]):
    form = RegistryAdminForm
    list_display = ("name", "control_plane", "server", "enabled", "resource", "updated_at")
    list_filter = ("control_plane", "enabled", "resource", "verify_tls")
    list_select_related = ("control_plane",)
    search_fields = ("name", "description", "server")
    readonly_fields = ("accepted_cluster", "epoch", "revision", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("control_plane", "name", "description", "enabled")}),
        (
            _("Connection"),
            {
                "fields": (
                    "server",
                    "token",
                    "token_file",
                    "ca_bundle",
                    "tls_server_name",
                    "verify_tls",
                    "verify",
                )
            },
        ),
        (
            _("Scope"),
            {
                "fields": (
                    "namespaces",
                    "namespace_operator",
                    "namespace_patterns",
                    "label_selector",
                )
            },
        ),
        (
            _("Advanced"),
            {"fields": ("resource", "address_family", "draining", "deletion_guard")},
        ),
        (_("Numbers"), {"fields": readonly_fields}),
    )

    def create_row(self, request: HttpRequest, row: Registry, form: Any) -> None:
        actions.create_registry(
            registry=row, actor=request.user, verify=form.cleaned_data["verify"]
        )

    def change_row(self, request: HttpRequest, row: Registry, form: Any) -> None:
        actions.change_registry(
            registry=row, actor=request.user, verify=form.cleaned_data["verify"]
        )

    def delete_row(self, request: HttpRequest, row: Registry) -> None:
        actions.delete_registry(registry=row, actor=request.user)


@admin.register(Transition)
class TransitionAdmin(ReadOnlyAdmin[Transition]):
    list_display = ("at", "registry", "phase", "reason", "text")
    list_filter = ("phase", "registry__control_plane", "registry")
    list_select_related = ("registry",)
    search_fields = ("registry__name", "reason", "text")
    date_hierarchy = "at"
    # Counting all rows of a long history is what would make its pages slow.
    show_full_result_count = False
