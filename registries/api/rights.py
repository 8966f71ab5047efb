"""What may be asked of the manifest generator."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from registries import rbac
from registries.kube import selectors
from registries.models import Registry


class RightsQuery(serializers.Serializer[Any]):
    namespaces = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        help_text=_("Only these, separated by commas: a Role in each. Empty: a ClusterRole"),
    )
    token = serializers.ChoiceField(
        choices=[one.value for one in rbac.TokenBy],
        default=rbac.TokenBy.SECRET.value,
        help_text=_("secret: lasts until it is deleted. request: ends after a time"),
    )
    home = serializers.CharField(
        default=rbac.HOME, help_text=_("The namespace in which the service account lives")
    )
    resource = serializers.ChoiceField(
        choices=Registry.Resource.choices, default=Registry.Resource.AUTO
    )
    identity = serializers.BooleanField(
        default=True, help_text=_("Also the right to tell this cluster from others")
    )

    def validate_namespaces(self, value: str) -> list[str]:
        names = list(dict.fromkeys(value.replace(",", " ").split()))
        for name in names:
            _check(name)
        return names

    def validate_home(self, value: str) -> str:
        _check(value)
        return value

    def wish(self) -> rbac.Wish:
        """What was asked for, once it is valid."""
        found = self.validated_data
        return rbac.Wish(
            namespaces=tuple(found["namespaces"]),
            resource=found["resource"],
            home=found["home"],
            token_by=rbac.TokenBy(found["token"]),
            identity=found["identity"],
        )


def _check(name: str) -> None:
    if not selectors.is_namespace(name):
        raise serializers.ValidationError(
            _("“%(name)s” is not a namespace name.") % {"name": name[:100]}
        )
