"""The form of an API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from applications import actions
from applications.models import Api
from applications.validators import METHODS, validate_label
from console.audit import Actor
from console.ui.fields import ListField, checkboxes
from console.ui.forms import RowForm, attempt

from . import seal
from .expressions import OPERATORS, SUBJECTS, VALUELESS, Expression, ExpressionsField
from .plugins import PluginsField, WithPlugins

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


class ApiForm(WithPlugins, RowForm):
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
        help_text=_(
            "Below the application's prefix. Prefix: the path and everything below it. Exact: only"
            " this path"
        ),
    )
    expressions = ExpressionsField(
        label=_("Conditions"),
        help_text=_("Only requests that fulfil them are this API's. None: all of them"),
    )
    match_any = forms.ChoiceField(
        label=_("Which must hold"),
        choices=[("False", _("all of these")), ("True", _("any of these"))],
        required=False,
    )
    plugins = PluginsField()
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

    subjects = tuple(SUBJECTS.items())
    operators = tuple(OPERATORS.items())
    valued = "|".join(name for name in OPERATORS if name not in VALUELESS)

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.sealed = seal.seal(self.instance) if data is None else data.get(seal.FIELD, "")

    def clean_match_any(self) -> bool:
        return bool(self.cleaned_data["match_any"] == "True")

    def path_rows(self) -> Paths:
        """The rows to draw: what was typed or is stored, at least an empty one."""
        rows = self["paths"].value()
        return rows if isinstance(rows, list) and rows else [{"path": "", "type": "prefix"}]

    def expression_rows(self) -> list[tuple[Expression, bool]]:
        """The rows to draw, and whether each is wrong."""
        field = self.fields["expressions"]
        wrong = field.wrong if isinstance(field, ExpressionsField) else set()
        rows = self["expressions"].value() or []
        return [(row, number in wrong) for number, row in enumerate(rows)]

    def save_as(self, actor: Actor) -> bool:
        """Save the API and set its switch, both or neither. Tell whether it was done; else the form
        has the errors."""
        try:
            return attempt(self, lambda: self._save(actor), home="name")
        except seal.Overtaken as error:
            self.sealed = error.sealed
            self.add_error(None, error.text)
            return False

    def _save(self, actor: Actor) -> None:
        api: Api = self.instance
        publish = self.cleaned_data["publish"]
        with transaction.atomic():
            if api._state.adding:
                actions.create_api(api=api, actor=actor)
            else:
                actions.hold(application=api.application, row=api)
                seal.check(self.sealed, api.application.control_plane)
                actions.change_api(api=api, actor=actor)
            verb = actions.publish_api if publish else actions.unpublish_api
            verb(api=api, actor=actor)
