"""Upstreams, their members and their nodes as REST shows and takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from applications.models import Member, Upstream
from console.rest import MillisecondsField, RowSerializer


class MemberSerializer(RowSerializer[Member]):
    class Meta:
        model = Member
        fields = (
            "id",
            "kind",
            "weight",
            "priority",
            "host",
            "port",
            "registry",
            "namespace",
            "service",
            "service_port",
        )


class UpstreamSerializer(RowSerializer[Upstream]):
    """Timeouts are milliseconds, `keep_for` is seconds. The members of a change replace all that
    there were."""

    members = MemberSerializer(many=True)

    class Meta:
        model = Upstream
        fields: tuple[str, ...] = (
            "id",
            "version",
            "scheme",
            "balance",
            "hash_key",
            "retries",
            "connect_timeout",
            "send_timeout",
            "read_timeout",
            "host_mode",
            "host",
            "checks",
            "on_empty",
            "keep_for",
            "members",
            "created_at",
            "updated_at",
        )


class DefaultUpstreamSerializer(UpstreamSerializer):
    """Inside its application, whose `default_version` names it."""

    class Meta(UpstreamSerializer.Meta):
        read_only_fields: ClassVar = ("version",)


class NodeSerializer(serializers.Serializer[Any]):
    host = serializers.CharField()
    port = serializers.IntegerField()
    weight = serializers.IntegerField()
    priority = serializers.IntegerField()
    zone = serializers.CharField()


class NodesSerializer(serializers.Serializer[Any]):
    """What gateways are told now. Not compiled: nothing published needs this upstream, or the
    compiler has not come to it yet."""

    compiled = serializers.BooleanField()
    nodes = NodeSerializer(many=True)
    digest = serializers.CharField(help_text=_("Names the content: equal upstreams, equal digests"))
    observed_at = MillisecondsField(help_text=_("When the newest part was read from a cluster"))
    kept_since = MillisecondsField(
        help_text=_("When no endpoint was ready any more; null: the nodes are ready")
    )
    kept_until = MillisecondsField(help_text=_("When kept nodes go"))
    warning = serializers.CharField(help_text=_("What is wrong with the nodes, in a sentence"))


def members_of(values: Mapping[str, Any]) -> list[Member] | None:
    """The members in an upstream's validated values, not saved; None: they stay as they are."""
    if "members" not in values:
        return None
    return [Member(**one) for one in values["members"]]
