"""Control planes, API tokens and the audit log as REST shows and takes them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from console.models import ApiToken, AuditEntry, ControlPlane
from console.rest import RowSerializer


class ControlPlaneSerializer(RowSerializer[ControlPlane]):
    class Meta:
        model = ControlPlane
        fields = ("id", "name", "slug", "description", "revision", "created_at", "updated_at")


class ApiTokenSerializer(RowSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "name",
            "hint",
            "expires_at",
            "last_used_at",
            "created_at",
        )


class NewApiTokenSerializer(ApiTokenSerializer):
    """A token at the only moment at which its text exists."""

    text = serializers.CharField(read_only=True, help_text=_("The token itself; shown only now"))

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "text")


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "at",
            "actor_name",
            "verb",
            "control_plane_id",
            "object_type",
            "object_id",
            "object_name",
            "before",
            "after",
        )
        read_only_fields = fields
