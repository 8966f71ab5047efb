"""The form of an API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.models import Api
from applications.validators import METHODS, validate_label
from console.ui.fields import JsonField, ListField, checkboxes
from console.ui.forms import RowForm

Paths = list[dict[str, str]]


class PathsWidget(forms.Widget):
    """Rows of a path and its type; the template draws them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Paths:
        paths = data.getlist(name) if hasattr(data, "getlist") else []
        types = data.getlist(f"{name}-type") if hasattr(data, "getlist") else []
        return [
            {"path": path.strip(), "type": types[number] if number < len(types) else "prefix"}
            for number, path in enumerate(paths)
            if path.strip()
        ]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data


class PathsField(forms.Field):
    """What the rows hold; whether it makes sense is the model's business."""

    widget = PathsWidget

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != (data or []))


class ApiForm(RowForm):
    labels = ListField(
        label=_("Labels"),
        required=False,
        check=validate_label,
        rows=1,
        help_text=_("To find it again, e.g. team:shop, beta"),
    )
    methods = checkboxes(
        [(name, name) for name in METHODS],
        label=_("Methods"),
        required=False,
        help_text=_("None ticked: every method"),
    )
    paths = PathsField(
        label=_("Paths"),
        help_text=_("Below the application's prefix. Exact: only this path, nothing below it"),
    )
    expressions = JsonField(
        label=_("Expressions"),
        empty=list,
        help_text=_('A list of {"subject", "name", "operator", "value"}'),
    )
    plugins = JsonField(
        label=_("Plugins"), help_text=_('As the gateway knows them: {"name": {…configuration…}}')
    )
    publish = forms.BooleanField(
        label=_("Published"),
        required=False,
        initial=True,
        help_text=_("It answers once its application is published too."),
    )

    class Meta:
        model = Api
        fields = (
            "name",
            "description",
            "labels",
            "kind",
            "paths",
            "methods",
            "strip_path_prefix",
            "expressions",
            "match_any",
            "plugins",
        )
        widgets = {"description": forms.Textarea(attrs={"rows": 2}), "kind": forms.RadioSelect}

    def path_rows(self) -> Paths:
        """The rows to draw: what was typed or is stored, at least an empty one."""
        rows = self["paths"].value()
        return rows if isinstance(rows, list) and rows else [{"path": "", "type": "prefix"}]
