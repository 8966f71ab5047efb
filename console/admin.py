"""Django admin of control planes, people, API tokens and the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from console import actions, audit
from console.forms import ControlPlaneForm
from console.models import ApiToken, AuditEntry, ControlPlane, Membership
from console.ui.admin import ActionAdmin, ReadOnlyAdmin
from console.ui.forms import RowForm

# Permissions of Django's groups open nothing here: roles are in memberships.
admin.site.unregister(Group)
admin.site.unregister(User)


@admin.register(ControlPlane)
class ControlPlaneAdmin(ActionAdmin[ControlPlane]):
    form = ControlPlaneForm
    fields = ("name", "slug", "description", "revision", "created_at", "updated_at")
    readonly_fields = ("revision", "created_at", "updated_at")
    list_display = ("name", "slug", "description", "created_at")
    search_fields = ("name", "slug", "description")
    date_hierarchy = "created_at"

    def create_row(self, request: HttpRequest, row: ControlPlane, form: Any) -> None:
        actions.create_control_plane(control_plane=row, actor=request.user)

    def change_row(self, request: HttpRequest, row: ControlPlane, form: Any) -> None:
        actions.change_control_plane(control_plane=row, actor=request.user)

    def delete_row(self, request: HttpRequest, row: ControlPlane) -> None:
        actions.delete_control_plane(control_plane=row, actor=request.user)


class MembershipForm(RowForm):
    home = "role"

    class Meta:
        model = Membership
        fields = ("role",)


@admin.register(Membership)
class MembershipAdmin(ActionAdmin[Membership]):
    """Roles to look at, to change and to end. Members are added in the console, where the new ones
    get their invitation."""

    form = MembershipForm
    fields = ("control_plane", "user", "role", "created_at", "updated_at")
    readonly_fields = ("control_plane", "user", "created_at", "updated_at")
    list_display = ("user", "control_plane", "role", "created_at")
    list_filter = ("control_plane", "role", "user__is_active")
    list_select_related = ("user", "control_plane")
    search_fields = ("user__username", "user__email", "control_plane__name")
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def change_row(self, request: HttpRequest, row: Membership, form: Any) -> None:
        actions.change_role(membership=row, role=row.role, actor=request.user)

    def delete_row(self, request: HttpRequest, row: Membership) -> None:
        actions.remove_member(membership=row, actor=request.user)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg] # not generic at run time
    """Where a person is a member, to look at."""

    model = Membership
    fields = ("control_plane", "role", "created_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg] # not generic at run time
    """Accounts. Who is a superuser administers everything; what others may do is in their
    memberships."""

    list_display = ("username", "email", "get_full_name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "memberships__control_plane", "last_login")
    date_hierarchy = "date_joined"
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "password_state")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_superuser")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("password_state", "last_login", "date_joined")

    @admin.display(description=_("Password"))
    def password_state(self, obj: User) -> str:
        """Whether there is one, and the way to another; nothing of its hash."""
        state = _("is set") if obj.has_usable_password() else _("is not set yet")
        address = reverse("admin:auth_user_password_change", args=[obj.pk])
        return format_html('{} <a class="button" href="{}">{}</a>', state, address, _("Change"))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        before = _facts(User.objects.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        verb = AuditEntry.Verb.CHANGED if change else AuditEntry.Verb.CREATED
        audit.record(actor=request.user, verb=verb, row=obj, before=before, after=_facts(obj))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        audit.record(actor=request.user, verb=AuditEntry.Verb.DELETED, row=obj, before=_facts(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self.delete_model(request, user)


def _facts(user: User) -> audit.Facts:
    names = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")
    return {name: getattr(user, name) for name in names}


@admin.register(ApiToken)
class ApiTokenAdmin(ActionAdmin[ApiToken]):
    """Tokens to look at and to revoke. They are made in the console, by those who use them."""

    fields = ("user", "name", "hint", "expires_at", "last_used_at", "created_at")
    readonly_fields = fields
    list_display = ("name", "user", "hint", "expires_at", "last_used_at", "created_at")
    list_filter = ("user", "expires_at", "last_used_at")
    list_select_related = ("user",)
    date_hierarchy = "created_at"
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
