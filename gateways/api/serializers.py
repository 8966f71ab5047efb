"""Gateways as REST shows and takes them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from console.rest import IsSet, OwnedByControlPlane, SecretField
from gateways.instances import Instance
from gateways.models import Gateway


class GatewaySerializer(OwnedByControlPlane[Gateway]):
    secret = SecretField(help_text=_("E.g. the password in its settings' place; never shown again"))
    secret_set = IsSet(source="secret")

    class Meta:
        model = Gateway
        fields = (
            "id",
            "control_plane",
            "name",
            "description",
            "enabled",
            "kind",
            "url",
            "by_agent",
            "settings",
            "secret",
            "secret_set",
            "created_at",
            "updated_at",
        )


class GatewayInstanceSerializer(serializers.Serializer[Instance]):
    """A running process of a gateway, as it last reported itself. Times are milliseconds."""

    id = serializers.CharField()
    hostname = serializers.CharField()
    version = serializers.CharField()
    by = serializers.CharField(help_text=_("Who reports it: driver, agent, xds, module or poll"))
    applied = serializers.CharField(help_text=_("Position in the control plane's feed"))
    applied_at = serializers.IntegerField()
    refuses = serializers.CharField()
    lag_ms = serializers.IntegerField(allow_null=True)
    registered_at = serializers.IntegerField()
    seen_at = serializers.IntegerField()
