"""Control planes, API tokens and the audit log as REST shows and takes them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from console.models import ApiToken, AuditEntry, ControlPlane, Membership
from console.rest import RowSerializer
from console.roles import Role


class ControlPlaneSerializer(RowSerializer[ControlPlane]):
    class Meta:
        model = ControlPlane
        fields = ("id", "name", "slug", "description", "revision", "created_at", "updated_at")


class MembershipSerializer(RowSerializer[Membership]):
    """A member. Their names and state are their account's."""

    username = serializers.CharField(
        source="user.username", max_length=150, help_text=_("Stays as it was at the beginning")
    )
    email = serializers.EmailField(source="user.email", read_only=True)
    active = serializers.BooleanField(source="user.is_active", read_only=True)
    last_login = serializers.DateTimeField(source="user.last_login", read_only=True)

    class Meta:
        model = Membership
        fields: tuple[str, ...] = (
            "id",
            "username",
            "email",
            "role",
            "active",
            "last_login",
            "created_at",
            "updated_at",
        )


class NewMembershipSerializer(serializers.Serializer[Membership]):
    """Somebody to be made a member, by their user name."""

    username = serializers.CharField(max_length=150)
    email = serializers.EmailField(
        required=False, default="", allow_blank=True, help_text=_("Of a new account")
    )
    role = serializers.ChoiceField(choices=Role.choices, default=Role.VIEWER)


class InvitedSerializer(MembershipSerializer):
    """A new member. `invitation` is there if an account was made for them."""

    invitation = serializers.URLField(
        read_only=True,
        allow_null=True,
        help_text=_("Where they set their password; works once, shown only now"),
    )

    class Meta(MembershipSerializer.Meta):
        fields = (*MembershipSerializer.Meta.fields, "invitation")


class RoleSerializer(serializers.Serializer[Membership]):
    role = serializers.ChoiceField(choices=Role.choices)


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
