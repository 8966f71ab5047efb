"""Applications and APIs as REST shows and takes them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from applications.models import Api, Application
from console.rest import OwnedByControlPlane, RowSerializer

from .upstreams import DefaultUpstreamSerializer

_APPLICATION = {
    "name": "httpbin",
    "hosts": ["sd.httpbin.org"],
    "path_prefix": "/",
    "upstream": {
        "members": [
            {
                "kind": "discovery",
                "registry": "3f0d8c56-5b0a-4b5c-9d27-0f6f2d9b1c11",
                "namespace": "apisix",
                "service": "httpbin",
                "service_port": "80-80",
            }
        ]
    },
}
_API = {"name": "anything", "paths": [{"path": "/anything", "type": "prefix"}]}


@extend_schema_serializer(
    examples=[
        OpenApiExample("a Kubernetes service by discovery", value=_APPLICATION, request_only=True)
    ]
)
class ApplicationSerializer(OwnedByControlPlane[Application]):
    """`upstream` is the default version; the others have addresses of their own."""

    default_version = serializers.CharField(
        max_length=50, required=False, help_text=_("The version that requests go to")
    )
    upstream = DefaultUpstreamSerializer(source="default_upstream")

    class Meta:
        model = Application
        fields = (
            "id",
            "control_plane",
            "name",
            "description",
            "labels",
            "protocols",
            "hosts",
            "path_prefix",
            "plugins",
            "published",
            "default_version",
            "upstream",
            "created_at",
            "updated_at",
        )


class PathSerializer(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=4096)
    type = serializers.ChoiceField(choices=Api.PATH_TYPES, default="prefix")


class ExpressionSerializer(serializers.Serializer[Any]):
    """A condition on a request, e.g. header X-Env equal "test"."""

    subject = serializers.ChoiceField(choices=Api.SUBJECTS)
    name = serializers.CharField(required=False, allow_blank=True, max_length=256)
    operator = serializers.ChoiceField(choices=Api.OPERATORS)
    value = serializers.CharField(
        required=False, allow_blank=True, max_length=4096, trim_whitespace=False
    )


@extend_schema_serializer(
    examples=[OpenApiExample("everything below a path", value=_API, request_only=True)]
)
class ApiSerializer(RowSerializer[Api]):
    paths = PathSerializer(many=True, required=False)
    expressions = ExpressionSerializer(many=True, required=False)

    class Meta:
        model = Api
        fields = (
            "id",
            "application",
            "name",
            "description",
            "labels",
            "kind",
            "methods",
            "paths",
            "strip_path_prefix",
            "expressions",
            "match_any",
            "plugins",
            "published",
            "created_at",
            "updated_at",
        )
        read_only_fields: ClassVar = ("application",)
