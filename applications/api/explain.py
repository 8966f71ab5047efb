"""Why an upstream has its nodes, saved or only thought of."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from applications import explain
from applications.explain import Explanation, Sentence, UpstreamExplanation
from applications.models import Upstream
from console.rest import RoomView
from console.roles import Role

from .upstreams import MemberSerializer, NodeSerializer

_LEVELS = [one.word for one in explain.Level]


class SentenceSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text=_("For programs: it does not change"))
    level = serializers.ChoiceField(choices=_LEVELS)
    text = serializers.CharField()
    detail = serializers.CharField(help_text=_("What a cluster or a server said; may be empty"))
    fix = serializers.CharField()
    command = serializers.CharField(help_text=_("A line for a shell"))
    values = serializers.DictField(help_text=_("What the sentence was made of"))


class ExplainedMemberSerializer(serializers.Serializer[Any]):
    member = MemberSerializer()
    known = serializers.BooleanField(help_text=_("False: Redis did not answer"))
    nodes = NodeSerializer(many=True)
    sentences = SentenceSerializer(many=True)


class ExplainedUpstreamSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    application = serializers.UUIDField()
    version = serializers.CharField()
    known = serializers.BooleanField(help_text=_("False: Redis did not answer"))
    compiled = serializers.BooleanField(help_text=_("Whether gateways are told of it"))
    nodes = NodeSerializer(many=True)
    sentences = SentenceSerializer(many=True, help_text=_("The worst first"))
    members = ExplainedMemberSerializer(many=True)


@extend_schema(tags=["applications"])
class ExplainViewSet(RoomView[Upstream], GenericViewSet[Upstream]):
    """Upstreams by their ids alone, for the question why they have their nodes."""

    queryset = Upstream.objects.select_related("application__control_plane")
    serializer_class = ExplainedUpstreamSerializer
    writing = Role.VIEWER  # a question in a body is a question still
    pagination_class = None
    filter_backends = ()

    def beyond(self, upstream: Upstream) -> list[Sentence]:
        """What rooms above this one have to say of an upstream."""
        return []

    @extend_schema(
        operation_id="upstreams_explain", responses=ExplainedUpstreamSerializer, filters=False
    )
    @action(detail=True, methods=["get"])
    def explain(self, request: Request, pk: uuid.UUID) -> Response:
        """Why an upstream has the nodes that it has, sentence by sentence."""
        upstream = self.get_object()
        found = explain.of_upstream(upstream)
        return Response(upstream_data(found, self.beyond(upstream)))

    @extend_schema(
        operation_id="upstreams_explain_choice",
        request=MemberSerializer,
        responses=ExplainedMemberSerializer,
        filters=False,
    )
    @action(detail=False, methods=["post"], url_path="explain")
    def explain_choice(self, request: Request) -> Response:
        """Why a member that is not saved would have the nodes that it would have."""
        serializer = MemberSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        [found] = explain.explain([serializer.draft()])
        return Response(_member(found))


def _sentences(found: Sequence[Sentence]) -> list[dict[str, Any]]:
    return [explain.as_data(one) for one in found]


def _member(found: Explanation) -> dict[str, Any]:
    return {
        "member": MemberSerializer(found.member).data,
        "known": found.known,
        "nodes": [msgspec.structs.asdict(one) for one in found.nodes],
        "sentences": _sentences(found.sentences),
    }


def upstream_data(found: UpstreamExplanation, beyond: Sequence[Sentence] = ()) -> dict[str, Any]:
    """An explained upstream as REST shows it, with what rooms above say."""
    nodes = found.compiled.nodes if found.compiled else ()
    said = sorted([*found.sentences, *beyond], key=lambda one: one.level)
    return {
        "id": str(found.upstream.pk),
        "application": str(found.upstream.application_id),
        "version": found.upstream.version,
        "known": found.known,
        "compiled": found.compiled is not None,
        "nodes": [msgspec.structs.asdict(one) for one in nodes],
        "sentences": _sentences(said),
        "members": [_member(one) for one in found.members],
    }
