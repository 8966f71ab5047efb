"""Django admin of control planes, API tokens and the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from console import actions
from console.forms import ControlPlaneForm
from console.models import ApiToken, AuditEntry, ControlPlane
from console.ui.admin import ActionAdmin, ReadOnlyAdmin

admin.site.site_header = "Portolan"
admin.site.site_title = "Portolan"


@admin.register(ControlPlane)
class ControlPlaneAdmin(ActionAdmin[ControlPlane]):
    form = ControlPlaneForm
    fields = ("name", "slug", "description", "revision", "created_at", "updated_at")
    readonly_fields = ("revision", "created_at", "updated_at")
    list_display = ("name", "slug", "description", "created_at")
    search_fields = ("name", "slug", "description")

    def create_row(self, request: HttpRequest, row: ControlPlane, form: Any) -> None:
        actions.create_control_plane(control_plane=row, actor=request.user)

    def change_row(self, request: HttpRequest, row: ControlPlane, form: Any) -> None:
        actions.change_control_plane(control_plane=row, actor=request.user)

    def delete_row(self, request: HttpRequest, row: ControlPlane) -> None:
        actions.delete_control_plane(control_plane=row, actor=request.user)


@admin.register(ApiToken)
class ApiTokenAdmin(ActionAdmin[ApiToken]):
    """Tokens to look at and to revoke. They are made in the console, by those who use them."""

    fields = ("user", "name", "hint", "expires_at", "last_used_at", "created_at")
    readonly_fields = fields
    list_display = ("name", "user", "hint", "expires_at", "last_used_at", "created_at")
    list_filter = ("user",)
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "hint")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_row(self, request: HttpRequest, row: ApiToken) -> None:
        actions.revoke_api_token(token=row, actor=request.user)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    list_display = ("at", "actor_name", "verb", "object_type", "object_name")
    list_filter = ("verb", "object_type", "at")
    list_select_related = ("actor",)
    search_fields = ("actor_name", "object_name", "object_id")
    date_hierarchy = "at"
