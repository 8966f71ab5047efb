"""Gateways as REST shows and takes them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from console.rest import (
    IsSet,
    LagSerializer,
    MillisecondsField,
    OwnedByControlPlane,
    SecretField,
)
from gateways.fleet import Member
from gateways.health import Phase
from gateways.models import Gateway
from gateways.presence import State


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


class UnsavedGatewaySerializer(GatewaySerializer):
    """A gateway to be tried out: its name and control plane matter only when it is saved."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs

    class Meta(GatewaySerializer.Meta):
        extra_kwargs: ClassVar = {"name": {"required": False}}


class GatewayFindingSerializer(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    text = serializers.CharField()
    fix = serializers.CharField(help_text=_("What to do about it; may be empty"))
    detail = serializers.CharField(help_text=_("What exactly was said; may be empty"))


class GatewayTestSerializer(serializers.Serializer[Any]):
    """All steps; those after one that failed are left out."""

    ok = serializers.BooleanField()
    findings = GatewayFindingSerializer(many=True)


class GatewayInstanceSerializer(serializers.Serializer[Member]):
    """A running process of a gateway, as it last reported itself, and how it stands. Times are
    milliseconds."""

    id = serializers.CharField(source="instance.id")
    hostname = serializers.CharField(source="instance.hostname")
    version = serializers.CharField(source="instance.version")
    by = serializers.CharField(
        source="instance.by", help_text=_("Who reports it: driver, agent, xds, module or poll")
    )
    state = serializers.ChoiceField(
        choices=State.choices,
        help_text=_(
            "heartbeats: it reports, but configuration does not reach it. lost: silent for 30"
            " seconds. offline: for two hours"
        ),
    )
    applied = serializers.CharField(
        source="instance.applied", help_text=_("Position in the control plane's feed")
    )
    applied_at = serializers.IntegerField(source="instance.applied_at")
    behind = serializers.IntegerField(
        allow_null=True, help_text=_("Commits that it lacked when it reported; null: not known")
    )
    behind_ms = serializers.IntegerField(
        allow_null=True, help_text=_("How long the first of them had been waiting")
    )
    refuses = serializers.CharField(source="instance.refuses")
    lag_ms = serializers.IntegerField(source="instance.lag_ms", allow_null=True)
    lags = LagSerializer(many=True, help_text=_("All changes that it told of, since it began"))
    registered_at = serializers.IntegerField(source="instance.registered_at")
    seen_at = serializers.IntegerField(source="instance.seen_at")


class GatewayStatusSerializer(serializers.Serializer[Any]):
    """What the gateway's driver last said, beside its control plane. Counters begin at 0 with each
    shift of a worker."""

    phase = serializers.ChoiceField(choices=Phase.choices)
    reason = serializers.CharField(help_text=_("A code such as unauthorized; empty if all is well"))
    text = serializers.CharField(help_text=_("The reason in a sentence"))
    headline = serializers.CharField(help_text=_("What it means"))
    fix = serializers.CharField(help_text=_("What to do about it; may be empty"))
    since = MillisecondsField(help_text=_("When the phase began"))
    said_at = MillisecondsField(help_text=_("When the driver last said anything"))
    newest = serializers.CharField(
        help_text=_("The control plane's position, epoch-seq; empty: not known")
    )
    applied = serializers.CharField(help_text=_("The position that the gateway has"))
    applied_at = MillisecondsField()
    behind = serializers.IntegerField(
        allow_null=True, help_text=_("Commits that it has not taken; null: not known")
    )
    waiting_since = MillisecondsField(help_text=_("When the first of these was made"))
    resources = serializers.IntegerField()
    written = serializers.IntegerField(help_text=_("Objects or keys of the gateway, by this shift"))
    refused = serializers.DictField(
        child=serializers.CharField(), help_text=_("Resource → why the gateway cannot have it")
    )
    audited_at = MillisecondsField(help_text=_("When it was last asked what it serves"))
    differences = serializers.DictField(
        child=serializers.CharField(),
        help_text=_("Resource → what it served otherwise then, with the addresses"),
    )
    healed = serializers.IntegerField(
        help_text=_("How often it was given everything anew because differences lasted")
    )
    lags = LagSerializer(
        many=True, help_text=_("All changes of nodes: from the API server to this gateway's word")
    )
    lag_sum = serializers.FloatField(help_text=_("Of all these, in seconds"))


class PublishedResourceSerializer(serializers.Serializer[Any]):
    resource = serializers.CharField(source="key")
    name = serializers.CharField(source="title")


class PublicationSerializer(serializers.Serializer[Any]):
    """A commit of the control plane, as the gateway took it."""

    position = serializers.CharField(help_text=_("epoch-seq"))
    at = MillisecondsField()
    resources = PublishedResourceSerializer(many=True, help_text=_("The first few"))
    more = serializers.IntegerField(help_text=_("Further resources of this commit"))
    taken = serializers.BooleanField(allow_null=True, help_text=_("null: not known"))
    after_ms = serializers.IntegerField(
        allow_null=True, help_text=_("How long after the commit; known of the newest only")
    )


class RenderedQuery(serializers.Serializer[Any]):
    application = serializers.UUIDField(required=False, help_text=_("Of this application only"))
    resource = serializers.CharField(
        required=False, help_text=_("Of this one only: route/ID or upstream/ID")
    )
    q = serializers.CharField(required=False, help_text=_("Words in a name or in its text"))


class RenderedSerializer(serializers.Serializer[Any]):
    """What a gateway is given for what is published, in its own words."""

    gateway_kind = serializers.CharField(help_text=_("The kind of the gateway"))
    documents = serializers.DictField(help_text=_("By their names in the gateway"))
    refused = serializers.DictField(
        child=serializers.CharField(), help_text=_("Resource → why the gateway cannot have it")
    )
    error = serializers.CharField(help_text=_("Why there is nothing at all; may be empty"))


class ServingQuery(serializers.Serializer[Any]):
    q = serializers.CharField(required=False, help_text=_("Words in a name or an address"))


class ServedUpstreamSerializer(serializers.Serializer[Any]):
    """One upstream: what the clusters say, what is compiled, what the gateway serves."""

    resource = serializers.CharField(source="key")
    name = serializers.CharField(source="title")
    cluster = serializers.ListField(child=serializers.CharField(), allow_null=True)
    compiled = serializers.ListField(child=serializers.CharField())
    served = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text=_("null: the gateway does not say, or has nothing of it"),
    )
    agrees = serializers.BooleanField()
    missing = serializers.SerializerMethodField()
    extra = serializers.SerializerMethodField()
    refused = serializers.CharField(help_text=_("Why the gateway cannot have it; may be empty"))

    def get_missing(self, line: Any) -> list[str]:
        return list(line.difference.missing) if line.difference else []

    def get_extra(self, line: Any) -> list[str]:
        return list(line.difference.extra) if line.difference else []


class ServingSerializer(serializers.Serializer[Any]):
    asked = serializers.BooleanField(help_text=_("Whether the gateway has answered"))
    served_at = serializers.IntegerField(
        allow_null=True, help_text=_("When its agent asked it, in ms; null: it was asked just now")
    )
    error = serializers.CharField(help_text=_("Why not; may be empty"))
    upstreams = ServedUpstreamSerializer(many=True)
