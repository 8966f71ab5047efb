"""Upstreams with their members in Django admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from applications import actions
from applications.forms import MemberForm, UpstreamForm
from applications.models import Member, Upstream
from console.ui.admin import ActionAdmin, Refused
from console.ui.fields import JsonField


class UpstreamAdminForm(UpstreamForm):
    checks = JsonField(
        label=_("Health checks"),
        help_text=_("Active and passive checks, as the gateway knows them"),
    )

    class Meta(UpstreamForm.Meta):
        fields = (*UpstreamForm.Meta.fields, "checks")


class MemberInlineForm(MemberForm):
    class Meta(MemberForm.Meta):
        widgets = {}


class MemberInlineFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg] # not generic at run time
    def _construct_form(self, i: int, **kwargs: Any) -> MemberInlineForm:
        form: MemberInlineForm = super()._construct_form(i, **kwargs)  # type: ignore[misc] # Django's hook, not in the stubs
        form.instance.upstream = self.instance
        return form


class MemberInline(admin.TabularInline):  # type: ignore[type-arg] # not generic at run time
    model = Member
    form = MemberInlineForm
    formset = MemberInlineFormSet
    extra = 0
    min_num = 1
    max_num = 64


@admin.register(Upstream)
class UpstreamAdmin(ActionAdmin[Upstream]):
    """A version of an application's backend. It is saved with its members, in one action."""

    form = UpstreamAdminForm
    inlines = (MemberInline,)
    list_display = ("__str__", "application", "scheme", "balance", "updated_at")
    list_filter = ("balance", "scheme", "application__control_plane")
    list_select_related = ("application",)
    search_fields = ("version", "application__name")
    autocomplete_fields = ("application",)
    fieldsets = (
        (None, {"fields": ("application", "version", "scheme")}),
        (_("Load"), {"fields": ("balance", "hash_key", "retries")}),
        (_("Timeouts"), {"fields": ("connect_timeout", "send_timeout", "read_timeout")}),
        (_("Requests"), {"fields": ("host_mode", "host", "checks")}),
        (_("No endpoints"), {"fields": ("on_empty", "keep_for")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Upstream | None = None) -> Any:
        """What names an upstream stays as it was made."""
        return ("application", "version") if obj else ()

    def save_model(self, request: HttpRequest, obj: Upstream, form: Any, change: bool) -> None:
        """Wait for the members."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        [rows] = formsets
        rows.save(commit=False)  # sets what the admin's own log tells of
        gone = set(map(id, rows.deleted_forms))
        members = [
            row.instance
            for row in rows.forms
            if id(row) not in gone and (row.has_changed() or not row.instance._state.adding)
        ]
        verb = actions.change_upstream if change else actions.create_upstream
        try:
            verb(upstream=form.instance, members=members, actor=request.user)
        except ValidationError as error:
            raise Refused(error) from error

    def delete_row(self, request: HttpRequest, row: Upstream) -> None:
        actions.delete_upstream(upstream=row, actor=request.user)
