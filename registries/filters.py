"""How the console's lists of registries, services and nodes are narrowed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registries.health import Phase


class FilterForm(forms.Form):
    """Every field may be empty; what cannot be read counts as empty."""

    def criteria(self) -> dict[str, str]:
        """What is asked for, by field."""
        self.is_valid()
        return {name: str(self.cleaned_data.get(name) or "") for name in self.fields}

    @property
    def filtered(self) -> bool:
        return any(self.criteria().values())


def _search(placeholder: Any) -> forms.SearchInput:
    return forms.SearchInput(attrs={"placeholder": placeholder})


class RegistryFilterForm(FilterForm):
    STATES = (
        ("", _("Every state")),
        (Phase.CONNECTED.value, _("connected")),
        (Phase.FAILING.value, _("failing")),
        (Phase.CONNECTING.value, _("connecting")),
        ("paused", _("paused")),
        ("token", _("token ends soon")),
    )

    q = forms.CharField(
        label=_("Registry"),
        required=False,
        max_length=200,
        widget=_search(_("Part of the name or address")),
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)


class ServiceFilterForm(FilterForm):
    """Which services of a registry to list; the namespaces offered are those that are known."""

    STATES = (
        ("", _("All")),
        ("ready", _("all nodes ready")),
        ("partly", _("some nodes ready")),
        ("none", _("no node ready")),
    )

    namespace = forms.ChoiceField(label=_("Namespace"), required=False)
    q = forms.CharField(
        label=_("Service"), required=False, max_length=200, widget=_search(_("Part of the name"))
    )
    state = forms.ChoiceField(label=_("Readiness"), required=False, choices=STATES)

    def __init__(self, data: Any, *, namespaces: list[str]) -> None:
        super().__init__(data)
        field = self.fields["namespace"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", _("All")), *((name, name) for name in namespaces)]


class NodeFilterForm(FilterForm):
    STATES = (
        ("", _("Every node")),
        ("ready", _("ready")),
        ("unready", _("not ready")),
        ("terminating", _("terminating")),
    )

    state = forms.ChoiceField(label=_("Nodes"), required=False, choices=STATES)
