"""Plugins: a row each, of a name and its configuration, or all of them as one JSON object."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.ui.fields import JsonField

# Names that gateways of several makes share. Only suggestions: any name is taken.
WELL_KNOWN = (
    "api-breaker",
    "basic-auth",
    "cors",
    "csrf",
    "fault-injection",
    "forward-auth",
    "grpc-transcode",
    "gzip",
    "hmac-auth",
    "http-logger",
    "ip-restriction",
    "jwt-auth",
    "key-auth",
    "limit-conn",
    "limit-count",
    "limit-req",
    "mocking",
    "openid-connect",
    "opentelemetry",
    "prometheus",
    "proxy-cache",
    "proxy-mirror",
    "proxy-rewrite",
    "redirect",
    "referer-restriction",
    "request-id",
    "request-validation",
    "response-rewrite",
    "traffic-split",
    "ua-restriction",
    "uri-blocker",
    "zipkin",
)


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A row as it is drawn; `config` is text, `errors` stand below it."""

    name: str = ""
    config: str = ""
    errors: tuple[str, ...] = ()

    @property
    def blank(self) -> bool:
        return not self.name.strip() and self.config.strip() in ("", "{}")


Typed = str | list[PluginRow]


class PluginsWidget(forms.Widget):
    """The template draws the rows (`applications/_plugins.html`). ``NAME-as`` says which of the two
    ways the person chose; without it the JSON counts."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed:
        if data.get(f"{name}-as") != "rows":
            return str(data.get(name, ""))
        names, configs = data.getlist(f"{name}-name"), data.getlist(f"{name}-config")
        rows = [PluginRow(*pair) for pair in zip(names, configs, strict=False)]
        return [row for row in rows if not row.blank]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-as" not in data


class PluginsField(forms.Field):
    """Cleans to a map from a name to its configuration. `problems` has the errors of each row, by
    its number."""

    widget = PluginsWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Plugins"))
        super().__init__(required=False, **kwargs)
        self._json = JsonField()
        self.problems: dict[int, tuple[str, ...]] = {}

    def clean(self, value: Typed) -> Any:
        if isinstance(value, str):
            return self._json.clean(value)
        found: dict[str, Any] = {}
        self.problems = {}
        for number, row in enumerate(value):
            errors = tuple(_errors(row, found))
            if errors:
                self.problems[number] = errors
            else:
                found[row.name.strip()] = json.loads(row.config or "{}")
        if self.problems:
            raise ValidationError([error for some in self.problems.values() for error in some])
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or {}) != self.clean(data))
        except ValidationError:
            return True


class WithPlugins(forms.BaseForm):
    """What the template asks a form with plugins for."""

    plugin_names = WELL_KNOWN

    @property
    def plugin_rows(self) -> list[PluginRow]:
        value = self["plugins"].value()
        if isinstance(value, list):
            problems = getattr(self.fields["plugins"], "problems", {})
            return [replace(row, errors=problems.get(n, ())) for n, row in enumerate(value)]
        if isinstance(value, str):
            try:
                value = json.loads(value or "{}")
            except ValueError:
                return []
        if not isinstance(value, dict):
            return []
        return [PluginRow(name, _text(config)) for name, config in value.items()]

    @property
    def plugins_json(self) -> str:
        """What was typed, or all rows as they are stored."""
        value = self["plugins"].value()
        if isinstance(value, str):
            return value
        return _text(value) if isinstance(value, dict) and value else ""

    @property
    def plugins_as_json(self) -> bool:
        """Whether to show the JSON: it was typed there and cannot be shown as rows."""
        return isinstance(self["plugins"].value(), str) and "plugins" in self.errors


def _errors(row: PluginRow, before: dict[str, Any]) -> list[str]:
    name = row.name.strip()
    if not name:
        return [_("Say which plugin this configures.")]
    if name in before:
        return [_("The plugin “%(name)s” is there twice.") % {"name": name}]
    try:
        config = json.loads(row.config or "{}")
    except ValueError as error:
        where = {"name": name, "line": 1, "column": 1}
        if isinstance(error, json.JSONDecodeError):
            where |= {"line": error.lineno, "column": error.colno}
        text = _("The configuration of %(name)s is no JSON: see line %(line)d, column %(column)d.")
        return [text % where]
    if not isinstance(config, dict):
        return [_("The configuration of %(name)s is an object: {…}.") % {"name": name}]
    return []


def _text(config: Any) -> str:
    return json.dumps(config, indent=2, ensure_ascii=False)
