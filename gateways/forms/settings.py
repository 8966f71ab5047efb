"""The settings of a kind of gateway as form fields, made from its `Settings`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from msgspec import inspect

from console.ui.fields import JsonField, ListField
from gateways import drivers
from gateways.drivers import Setting


def name_of(kind: str, setting: str) -> str:
    """The name of a setting's field; two kinds may have settings of one name."""
    return f"{kind}-{setting}"


def fields_of(kind: str, values: dict[str, Any], *, chosen: bool) -> dict[str, forms.Field]:
    """A field for each setting, by its field's name. Only those of the `chosen` kind have to be
    filled in."""
    found = {}
    for setting in drivers.settings_of(kind):
        field = _field(setting)
        field.required = setting.required and chosen
        field.initial = values.get(setting.name, setting.default)
        field.label = gettext(setting.title) if setting.title else setting.name.replace("_", " ")
        field.help_text = gettext(setting.help) if setting.help else ""
        if setting.labels and isinstance(field, forms.ChoiceField):
            field.choices = _worded_choices(setting)
        if setting.example:
            field.widget.attrs["placeholder"] = setting.example
        found[name_of(kind, setting.name)] = field
    return found


def in_order(kind: str) -> list[Setting]:
    """The settings as a form shows them: those that others depend on come first."""
    listed = drivers.settings_of(kind)
    leading = {name for one in listed for name in one.when}
    return sorted(listed, key=lambda one: one.name not in leading)


def when_of(kind: str, setting: Setting) -> str:
    """When a setting's field is shown, as pages have it: ``kind-mode=admin|file``; empty: always.
    Several conditions are separated by blanks, and all of them must hold."""
    return " ".join(
        f"{name_of(kind, name)}={'|'.join(values)}" for name, values in setting.when.items()
    )


def _matters(kind: str, setting: Setting, cleaned: dict[str, Any]) -> bool:
    """Whether the other settings let this one matter."""
    return all(
        str(cleaned.get(name_of(kind, name))) in values for name, values in setting.when.items()
    )


def chosen_of(kind: str, cleaned: dict[str, Any]) -> dict[str, Any]:
    """The settings out of a form's values; those that were left empty, or that do not matter with
    the others, have their defaults."""
    found = {}
    for setting in drivers.settings_of(kind):
        if not _matters(kind, setting, cleaned):
            continue
        value = cleaned.get(name_of(kind, setting.name))
        if value is not None and value != "":
            found[setting.name] = value
    return found


def unknown_of(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Settings that the kind does not know: of another release, or another kind."""
    known = {setting.name for setting in drivers.settings_of(kind)}
    return {name: value for name, value in values.items() if name not in known}


def in_words(kind: str, values: dict[str, Any]) -> list[tuple[str, Any]]:
    """Titles and values, in the order of the kind; what it does not know comes last, what does not
    matter with the others is left out."""
    listed = drivers.settings_of(kind)
    whole = {name_of(kind, one.name): values.get(one.name, one.default) for one in listed}
    found = [
        (gettext(one.title) if one.title else one.name, _worded(one, values))
        for one in listed
        if _matters(kind, one, whole)
    ]
    return [(name, _plain(value)) for name, value in [*found, *unknown_of(kind, values).items()]]


def _worded(setting: Setting, values: dict[str, Any]) -> Any:
    """A value, or its words if it has some."""
    value = values.get(setting.name, setting.default)
    words = setting.labels.get(value) if isinstance(value, str) else None
    return gettext(words) if words else value


def _worded_choices(setting: Setting) -> list[tuple[Any, str]]:
    values = setting.type.values if isinstance(setting.type, inspect.LiteralType) else ()
    return [(one, gettext(setting.labels.get(str(one), str(one)))) for one in values]


def _plain(value: Any) -> Any:
    """A list of words as people write it."""
    words = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return ", ".join(value) if words else value


def _field(setting: Setting) -> forms.Field:
    """The field for a type of values; one without a field of its own is written as JSON."""
    match setting.type:
        case inspect.BoolType():
            return forms.BooleanField(required=False)
        case inspect.IntType(ge=least, le=most):
            return forms.IntegerField(min_value=least, max_value=most)
        case inspect.FloatType(ge=least, le=most):
            return forms.FloatField(min_value=least, max_value=most)
        case inspect.LiteralType(values=values):
            return forms.ChoiceField(choices=[(one, str(one)) for one in values])
        case inspect.ListType(item_type=inspect.StrType()):
            return ListField(required=False, rows=1)
        case inspect.StrType(max_length=most):
            return forms.CharField(
                max_length=most, widget=forms.TextInput(attrs={"spellcheck": "false"})
            )
    return JsonField()
