"""APIs in Django admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from applications import actions
from applications.forms import ApiForm
from applications.models import Api
from console.ui.admin import ActionAdmin
from console.ui.fields import JsonField


class ApiAdminForm(ApiForm):
    paths = JsonField(  # type: ignore[assignment] # the same values, drawn as text
        label=_("Paths"),
        empty=list,
        required=True,
        help_text=_('A list of {"path": "/anything", "type": "prefix" or "exact"}'),
    )
    expressions = JsonField(  # type: ignore[assignment] # the same values, drawn as text
        label=_("Expressions"),
        empty=list,
        help_text=_('A list of {"subject", "name", "operator", "value"}'),
    )
    match_any = forms.BooleanField(  # type: ignore[assignment] # the same value, as a tick
        label=_("One expression is enough"), required=False
    )
    plugins = JsonField(  # type: ignore[assignment] # the same values, drawn as text
        label=_("Plugins"), help_text=_('As the gateway knows them: {"name": {…configuration…}}')
    )

    def clean_match_any(self) -> bool:
        return bool(self.cleaned_data["match_any"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["publish"] = self.instance.published


@admin.register(Api)
class ApiAdmin(ActionAdmin[Api]):
    form = ApiAdminForm
    list_display = ("name", "application", "kind", "published", "updated_at")
    list_filter = ("published", "kind", "application__control_plane")
    list_select_related = ("application",)
    search_fields = ("name", "description", "application__name")
    autocomplete_fields = ("application",)
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("application", "name", "description", "labels", "kind", "publish")}),
        (_("Requests"), {"fields": ("paths", "methods", "strip_path_prefix")}),
        (_("Advanced"), {"fields": ("expressions", "match_any", "plugins")}),
        (_("Numbers"), {"fields": readonly_fields}),
    )

    def create_row(self, request: HttpRequest, row: Api, form: Any) -> None:
        actions.create_api(api=row, actor=request.user)
        self._switch(request, row, form)

    def change_row(self, request: HttpRequest, row: Api, form: Any) -> None:
        actions.change_api(api=row, actor=request.user)
        self._switch(request, row, form)

    def delete_row(self, request: HttpRequest, row: Api) -> None:
        actions.delete_api(api=row, actor=request.user)

    def _switch(self, request: HttpRequest, row: Api, form: Any) -> None:
        verb = actions.publish_api if form.cleaned_data["publish"] else actions.unpublish_api
        verb(api=row, actor=request.user)
