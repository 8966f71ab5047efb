"""Django admin of gateways."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.ui.admin import ActionAdmin
from gateways import actions
from gateways.forms import GatewayForm
from gateways.models import Gateway


class GatewayAdminForm(GatewayForm):
    class Meta(GatewayForm.Meta):
        exclude = ("secret",)  # the model's own column; the form's field stays, to write only


@admin.register(Gateway)
class GatewayAdmin(ActionAdmin[Gateway]):
    form = GatewayAdminForm
    list_display = ("name", "control_plane", "kind", "url", "enabled", "updated_at")
    list_filter = ("control_plane", "kind", "enabled")
    list_select_related = ("control_plane",)
    search_fields = ("name", "description", "url")
    readonly_fields = ("epoch", "revision", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("control_plane", "name", "description", "enabled")}),
        (
            _("Configuration"),
            {"fields": ("kind", "url", "by_agent", "settings", "secret", "forget_secret")},
        ),
        (_("Numbers"), {"fields": readonly_fields}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Gateway | None = None) -> Any:
        """A box to forget the secret only where there is one, as in the form."""
        if obj is not None and obj.secret:
            return self.fieldsets
        return [
            (title, {"fields": tuple(name for name in part["fields"] if name != "forget_secret")})
            for title, part in self.fieldsets
        ]

    def create_row(self, request: HttpRequest, row: Gateway, form: Any) -> None:
        actions.create_gateway(gateway=row, actor=request.user)

    def change_row(self, request: HttpRequest, row: Gateway, form: Any) -> None:
        actions.change_gateway(gateway=row, actor=request.user)

    def delete_row(self, request: HttpRequest, row: Gateway) -> None:
        actions.delete_gateway(gateway=row, actor=request.user)
