"""How the timeline is narrowed by its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console.models import AuditEntry
from console.timeline.lines import TYPES
from console.timeline.query import Kind

_MOMENT = "%Y-%m-%dT%H:%M"


class _Moment(forms.DateTimeField):
    """A day and time as the browser's own field has it; a day alone is its beginning."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT)
        super().__init__(required=False, widget=widget, **options)


class ActivityFilterForm(forms.Form):
    """`registries` are the names by id that can be chosen."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.SearchInput(
            attrs={"placeholder": _("Object, actor, service, pod or address")}
        ),
    )
    kind = forms.ChoiceField(
        label=_("Show"), required=False, choices=[("", _("Everything")), *Kind.CHOICES]
    )
    registry = forms.ChoiceField(label=_("Registry"), required=False)
    service = forms.CharField(
        label=_("Service"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"placeholder": _("namespace or namespace/name")}),
    )
    type = forms.ChoiceField(
        label=_("Type"),
        required=False,
        choices=[("", _("Every type")), *TYPES.items()],
    )
    verb = forms.ChoiceField(
        label=_("Verb"),
        required=False,
        choices=[("", _("Every verb")), *AuditEntry.Verb.choices],
    )
    actor = forms.CharField(label=_("Actor"), required=False, max_length=150)
    since = _Moment(label=_("From"))
    until = _Moment(label=_("Until"))
    object = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    # The fields that a page shows unfolded only if they are used.
    SELDOM = ("service", "type", "verb", "actor", "since", "until")

    def __init__(self, data: Any, *, registries: Mapping[str, str], **options: Any) -> None:
        super().__init__(data, **options)
        field = self.fields["registry"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", _("Every registry")), *sorted(registries.items(), key=_name)]
        self.is_valid()

    def criteria(self) -> dict[str, Any]:
        """What is asked for, as `Query` takes it, without what makes no sense."""
        names = {"q": "text", "type": "object_type", "object": "object_id"}
        chosen = {names.get(name, name): value for name, value in self.cleaned_data.items()}
        chosen["service"] = chosen.get("service", "").strip().rstrip("/")
        return {name: value for name, value in chosen.items() if value}

    @property
    def filtered(self) -> bool:
        return bool(self.criteria())

    @property
    def unfolded(self) -> bool:
        """Whether a field is used, or wrong, that is folded otherwise."""
        return any(self.cleaned_data.get(name) or name in self.errors for name in self.SELDOM)


def _name(item: tuple[str, str]) -> str:
    return item[1].lower()
