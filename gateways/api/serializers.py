"""Gateways as REST shows and takes them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from console.rest import IsSet, OwnedByControlPlane, SecretField
from gateways.models import Gateway, GatewayInstance


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
            "settings",
            "secret",
            "secret_set",
            "created_at",
            "updated_at",
        )


class GatewayInstanceSerializer(serializers.ModelSerializer[GatewayInstance]):
    class Meta:
        model = GatewayInstance
        fields = (
            "id",
            "hostname",
            "version",
            "applied_epoch",
            "applied_seq",
            "lag_ms",
            "last_seen_at",
            "registered_at",
        )
        read_only_fields = fields
