"""Registries as REST shows and takes them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from console.contract import wire
from console.rest import (
    IsSet,
    LagSerializer,
    MillisecondsField,
    OwnedByControlPlane,
    SecretField,
)
from registries.health import Phase
from registries.models import Registry

_EXAMPLE = {
    "name": "practice",
    "server": "https://10.0.0.1:6443",
    "ca_bundle": "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
    "token": "eyJhbGciOi…",
}


@extend_schema_serializer(
    examples=[OpenApiExample("a cluster by its token", value=_EXAMPLE, request_only=True)]
)
class RegistrySerializer(OwnedByControlPlane[Registry]):
    token = SecretField(help_text=_("The service account's token; never shown again"))
    token_set = IsSet(source="token")
    verify = serializers.BooleanField(
        write_only=True, default=True, help_text=_("Ask the cluster before saving")
    )

    class Meta:
        model = Registry
        fields = (
            "id",
            "control_plane",
            "kind",
            "name",
            "description",
            "enabled",
            "server",
            "tls_server_name",
            "ca_bundle",
            "verify_tls",
            "token",
            "token_set",
            "token_file",
            "namespaces",
            "namespace_operator",
            "namespace_patterns",
            "label_selector",
            "resource",
            "address_family",
            "draining",
            "deletion_guard",
            "accepted_cluster",
            "verify",
            "created_at",
            "updated_at",
        )


class UnsavedRegistrySerializer(RegistrySerializer):
    """A registry to be tried out: its name and control plane matter only when it is saved."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs

    class Meta(RegistrySerializer.Meta):
        extra_kwargs: ClassVar = {"name": {"required": False}}


class DifferenceSerializer(serializers.Serializer[Any]):
    service = serializers.CharField(help_text=_("namespace/name"))
    missing = serializers.ListField(
        child=serializers.CharField(), help_text=_("In the cluster only")
    )
    surplus = serializers.ListField(child=serializers.CharField(), help_text=_("In the feed only"))
    changed = serializers.ListField(
        child=serializers.CharField(), help_text=_("Ready in one of them only")
    )


class ComparisonSerializer(serializers.Serializer[Any]):
    """What was found when some services were last compared with the cluster."""

    compared_at = MillisecondsField(help_text=_("Null: not within the last ten minutes"))
    services = serializers.IntegerField()
    differences = DifferenceSerializer(many=True)
    error = serializers.CharField(help_text=_("Why the cluster could not be asked"))


class StatusSerializer(serializers.Serializer[Any]):
    """What the registry's worker last said, and when. Counters begin at 0 with each shift of a
    worker."""

    phase = serializers.ChoiceField(choices=Phase.choices)
    reason = serializers.CharField(help_text=_("A code such as unauthorized; empty if all is well"))
    text = serializers.CharField(help_text=_("The reason in a sentence"))
    headline = serializers.CharField(help_text=_("What the reason means; empty if all is well"))
    fix = serializers.CharField(help_text=_("What to do about it"))
    command = serializers.CharField(help_text=_("The command that does it; may be empty"))
    since = MillisecondsField(help_text=_("When the phase began"))
    said_at = MillisecondsField(help_text=_("When the worker last said anything"))
    connected_at = MillisecondsField(help_text=_("When a list or watch last succeeded"))
    event_at = MillisecondsField(help_text=_("When the last change was read"))
    bookmark_at = MillisecondsField(help_text=_("When the last bookmark was read"))
    resource = serializers.CharField()
    streamed = serializers.BooleanField(
        help_text=_("The first state came by watch (WatchList), not by list")
    )
    cluster = serializers.CharField(
        help_text=_("The cluster's identity: uid of its namespace kube-system; empty: unknown")
    )
    worker = serializers.CharField(help_text=_("Who watches"))
    services = serializers.IntegerField()
    endpoints = serializers.IntegerField()
    seq = serializers.IntegerField()
    lag_ms = serializers.IntegerField(help_text=_("Read from the API server until committed"))
    lags = LagSerializer(many=True, help_text=_("All commits by their lag"))
    lag_sum = serializers.FloatField(help_text=_("Of all commits, in seconds"))
    commits = serializers.IntegerField()
    lists = serializers.IntegerField()
    watches = serializers.IntegerField()
    events = serializers.IntegerField()
    bookmarks = serializers.IntegerField()
    failures = serializers.DictField(
        child=serializers.IntegerField(), help_text=_("Requests that failed, by code")
    )
    resync = MillisecondsField(
        help_text=_("The newest request to read everything anew that was met, by its time")
    )
    resync_at = MillisecondsField(help_text=_("When it was met"))
    resync_different = serializers.IntegerField(
        allow_null=True,
        help_text=_("Objects that were not as held, and are put right; null: none were held"),
    )
    resync_error = serializers.CharField(
        help_text=_("Why the cluster could not be read for it; then nothing was changed")
    )
    drift = serializers.IntegerField(
        help_text=_("Objects that a safety list found other than the watch had told")
    )
    refused = serializers.DictField(
        child=serializers.IntegerField(), help_text=_("Endpoints that are left out, by reason")
    )
    truncated = serializers.IntegerField(
        help_text=_("Services whose Endpoints were cut off at 1,000 addresses")
    )
    warnings = serializers.ListField(child=serializers.CharField())
    token_expires_at = MillisecondsField(help_text=_("Null: never, or unknown"))
    comparison = ComparisonSerializer()


class SpellSerializer(serializers.Serializer[Any]):
    """How the registry stood for a while."""

    at = serializers.DateTimeField(source="transition.at", help_text=_("When it began"))
    phase = serializers.ChoiceField(source="transition.phase", choices=Phase.choices)
    reason = serializers.CharField(source="transition.reason")
    text = serializers.CharField(source="transition.text")
    ended_at = serializers.DateTimeField(allow_null=True, help_text=_("Null: it lasts"))


class ResyncSerializer(serializers.Serializer[Registry]):
    """A request to read everything anew. It is met once the status has the same `resync`, or a
    later one."""

    resync = MillisecondsField()


class AcceptClusterSerializer(serializers.Serializer[Any]):
    cluster = serializers.CharField(
        max_length=100, help_text=_("The identity that the status shows now")
    )


class PortSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    port = serializers.IntegerField(help_text=_("The number on the pod"))
    protocol = serializers.CharField()
    app = serializers.CharField(help_text=_("appProtocol"))


class EndpointSerializer(serializers.Serializer[Any]):
    address = serializers.CharField()
    ready = serializers.BooleanField()
    serving = serializers.BooleanField()
    terminating = serializers.BooleanField()
    node = serializers.CharField()
    zone = serializers.CharField()
    pod = serializers.CharField()


class SubsetSerializer(serializers.Serializer[Any]):
    """Endpoints that serve the same ports."""

    ports = PortSerializer(many=True)
    endpoints = EndpointSerializer(many=True)


class EndpointCountSerializer(serializers.Serializer[Any]):
    ready = serializers.IntegerField()
    total = serializers.IntegerField()


class ServiceSerializer(serializers.Serializer[wire.Service]):
    """A Kubernetes Service as the watcher has published it."""

    namespace = serializers.CharField()
    name = serializers.CharField()
    ports = PortSerializer(many=True)
    endpoints = EndpointCountSerializer()
    subsets = SubsetSerializer(many=True)
    seq = serializers.IntegerField()
    observed_at = MillisecondsField()

    def to_representation(self, instance: wire.Service) -> dict[str, Any]:
        endpoints = [one for subset in instance.subsets for one in subset.endpoints]
        ports = {port for subset in instance.subsets for port in subset.ports}
        return {
            "namespace": instance.namespace,
            "name": instance.name,
            "ports": PortSerializer(
                sorted(ports, key=lambda one: (one.name, one.port)), many=True
            ).data,
            "endpoints": {
                "ready": sum(endpoint.ready for endpoint in endpoints),
                "total": len(endpoints),
            },
            "subsets": SubsetSerializer(instance.subsets, many=True).data,
            "seq": instance.seq,
            "observed_at": self.fields["observed_at"].to_representation(instance.observed_at),
        }


class NamespacesSerializer(serializers.Serializer[Any]):
    namespaces = serializers.ListField(child=serializers.CharField())
