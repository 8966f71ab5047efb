"""Health checks as fields instead of JSON.

Stored is what gateways are given: ``{"active": {…}, "passive": {…}}``. A field is named by its path
in there (``healthy__interval``). Only what was changed is written, so that keys which have no field
stay as REST stored them.
"""

from __future__ import annotations

import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from applications.validators import validate_path, validate_target_host
from console.ui.fields import ListField

HTTP, HTTPS, TCP = "http", "https", "tcp"
_WEB = frozenset({HTTP, HTTPS})
_ALL = frozenset({HTTP, HTTPS, TCP})
_TYPES = [("", _("off")), (HTTP, "HTTP"), (HTTPS, "HTTPS"), (TCP, "TCP")]


def _check_status(word: str) -> None:
    if not word.isdecimal() or not 100 <= int(word) <= 599:
        raise ValidationError(_("“%(word)s” is no HTTP status."), params={"word": word})


class StatusesField(ListField):
    """HTTP statuses: ``200, 302``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(check=_check_status, rows=1, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [int(word) for word in super().clean(value)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = initial if isinstance(initial, list) else []
        return bool(list(map(str, before)) != self.to_python(data))


def _number(label: Any, initial: int | None, *, least: int = 0, most: int = 254) -> Any:
    return forms.IntegerField(
        label=label, required=False, initial=initial, min_value=least, max_value=most
    )


class CheckForm(forms.Form):
    """One check. `stored` is what there is; empty: off."""

    kinds: dict[str, frozenset[str]] = {}  # of fields that not every type has
    type = forms.ChoiceField(
        label=_("Check"),
        required=False,
        choices=_TYPES,
    )

    def __init__(self, data: Any = None, *, stored: Any, prefix: str) -> None:
        self._foreign = stored if not isinstance(stored, dict) else None
        self._stored: dict[str, Any] = stored if isinstance(stored, dict) else {}
        super().__init__(data, prefix=prefix)
        for name in self.fields:
            found = _get(self._stored, name.split("__"))
            if found is not None:
                self.initial[name] = found
        if self._stored:
            self._know_type()

    @property
    def on(self) -> bool:
        return bool(self["type"].value())

    @property
    def others(self) -> list[str]:
        """Keys that are stored and have no field."""
        known = {tuple(name.split("__")) for name in self.fields}
        return [".".join(path) for path in _leaves(self._stored) if path not in known]

    def clean(self) -> dict[str, Any]:
        """What is hidden refuses nothing."""
        chosen = self.cleaned_data.get("type", "")
        for name in list(self.errors):
            if name != "type" and not self._applies(name, chosen):
                del self.errors[name]
        return self.cleaned_data

    def written(self) -> Any:
        """What to store; None: nothing. The form is valid."""
        chosen = self.cleaned_data["type"]
        if not chosen:
            return self._foreign
        result = copy.deepcopy(self._stored)
        for name in self.fields:
            path, value = name.split("__"), self.cleaned_data.get(name)
            if not self._applies(name, chosen):
                _drop(result, path)
            elif name in self.changed_data or not self._stored:
                if value in (None, "", []):
                    _drop(result, path)
                else:
                    _put(result, path, value)
        return result

    def _applies(self, name: str, chosen: str) -> bool:
        if chosen not in _ALL:  # off, or of a type that is not known here
            return bool(chosen)
        return chosen in self.kinds.get(name, _ALL)

    def _know_type(self) -> None:
        """A check without a type is by HTTP; one of a type that is not known here stays so."""
        stored = str(self._stored.get("type", HTTP))
        self.initial["type"] = stored
        field = self.fields["type"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        if stored not in _ALL:
            field.choices = [*_TYPES, (stored, stored)]


class ActiveCheckForm(CheckForm):
    """The gateway asks each node by itself."""

    kinds = {
        "http_path": _WEB,
        "host": _WEB,
        "https_verify_certificate": frozenset({HTTPS}),
        "healthy__http_statuses": _WEB,
        "unhealthy__http_statuses": _WEB,
        "unhealthy__http_failures": _WEB,
        "unhealthy__tcp_failures": frozenset({TCP}),
    }
    http_path = forms.CharField(
        label=_("Path"), required=False, initial="/", validators=[validate_path]
    )
    host = forms.CharField(
        label=_("Host name"),
        required=False,
        validators=[validate_target_host],
        help_text=_("Empty: the node's address"),
    )
    port = forms.IntegerField(
        label=_("Port"),
        required=False,
        min_value=1,
        max_value=65_535,
        help_text=_("Empty: the port of the node"),
    )
    timeout = forms.FloatField(
        label=_("Timeout"), required=False, initial=1, min_value=0.1, help_text=_("seconds")
    )
    https_verify_certificate = forms.BooleanField(
        label=_("Verify the certificate"), required=False, initial=True
    )
    healthy__interval = _number(_("Healthy interval"), 1, least=1, most=86_400)
    healthy__successes = _number(_("Successes until healthy"), 2, least=1)
    healthy__http_statuses = StatusesField(label=_("Healthy statuses"), initial=[200, 302])
    unhealthy__interval = _number(_("Unhealthy interval"), 1, least=1, most=86_400)
    unhealthy__http_failures = _number(_("Failures until unhealthy"), 5)
    unhealthy__tcp_failures = _number(_("Refusals until unhealthy"), 2)
    unhealthy__timeouts = _number(_("Timeouts until unhealthy"), 3)
    unhealthy__http_statuses = StatusesField(
        label=_("Unhealthy statuses"), initial=[429, 404, 500, 501, 502, 503, 504, 505]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("healthy__interval", "unhealthy__interval"):
            self.fields[name].help_text = _("seconds")


class PassiveCheckForm(CheckForm):
    """The gateway watches the answers to its clients."""

    kinds = {
        "healthy__successes": _WEB,
        "healthy__http_statuses": _WEB,
        "unhealthy__http_failures": _WEB,
        "unhealthy__http_statuses": _WEB,
        "unhealthy__tcp_failures": frozenset({TCP}),
    }
    healthy__successes = _number(_("Successes until healthy"), 5)
    healthy__http_statuses = StatusesField(label=_("Healthy statuses"), initial=[200, 201, 302])
    unhealthy__http_failures = _number(_("Failures until unhealthy"), 5)
    unhealthy__tcp_failures = _number(_("Refusals until unhealthy"), 2)
    unhealthy__timeouts = _number(_("Timeouts until unhealthy"), 7)
    unhealthy__http_statuses = StatusesField(label=_("Unhealthy statuses"), initial=[429, 500, 503])


class Checks:
    """Both forms, and the stored value that comes of them."""

    def __init__(self, data: Any = None, *, stored: Any) -> None:
        self._stored: dict[str, Any] = stored if isinstance(stored, dict) else {}
        self.active = ActiveCheckForm(data, stored=self._stored.get("active"), prefix="active")
        self.passive = PassiveCheckForm(data, stored=self._stored.get("passive"), prefix="passive")

    @property
    def forms(self) -> tuple[CheckForm, CheckForm]:
        return (self.active, self.passive)

    @property
    def on(self) -> bool:
        return self.active.on or self.passive.on

    @property
    def wrong(self) -> bool:
        return any(form.errors for form in self.forms)

    def is_valid(self) -> bool:
        valid = [form.is_valid() for form in self.forms]  # each says what is wrong with it
        return all(valid)

    def written(self) -> dict[str, Any]:
        """What the upstream stores now. The forms are valid."""
        result = dict(self._stored)
        for name, form in zip(("active", "passive"), self.forms, strict=True):
            value = form.written()
            if value is None:
                result.pop(name, None)
            else:
                result[name] = value
        return result


def _get(values: dict[str, Any], path: list[str]) -> Any:
    found: Any = values
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    *folders, name = path
    for folder in folders:
        inner = values.get(folder)
        values[folder] = inner if isinstance(inner, dict) else {}
        values = values[folder]
    values[name] = value


def _drop(values: dict[str, Any], path: list[str]) -> None:
    *folders, name = path
    for folder in folders:
        inner = values.get(folder)
        if not isinstance(inner, dict):
            return
        values = inner
    values.pop(name, None)


def _leaves(values: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, value in values.items():
        path = (*above, name)
        found += _leaves(value, path) if isinstance(value, dict) and not above else [path]
    return found
