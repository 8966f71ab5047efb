"""Members of a control plane, for its administrators."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from console import actions, invitations
from console.models import ControlPlane, Membership
from console.rest import RoomView
from console.roles import Role

from .filters import MembershipFilter
from .serializers import (
    InvitedSerializer,
    MembershipSerializer,
    NewMembershipSerializer,
    RoleSerializer,
)


@extend_schema(tags=["console"])
class MembershipViewSet(
    RoomView[Membership],
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    GenericViewSet[Membership],
):
    """Who may look at a control plane, change it, or administer it. For its administrators."""

    queryset = Membership.objects.all()
    serializer_class = MembershipSerializer
    filterset_class = MembershipFilter
    writing = Role.ADMIN
    reading = Role.ADMIN
    ordering = ("user__username",)
    ordering_fields = ("created_at", "role")
    search_fields = ("user__username", "user__email")

    def get_queryset(self) -> QuerySet[Membership]:
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        plane = self.owner(ControlPlane.objects.all(), "control_plane_id")
        return Membership.objects.filter(control_plane=plane).select_related("user")

    @extend_schema(request=NewMembershipSerializer, responses={201: InvitedSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make somebody a member; if nobody has the name, with an account and an invitation."""
        plane = self.owner(ControlPlane.objects.all(), "control_plane_id")
        wanted = NewMembershipSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        membership, made = actions.add_member(
            control_plane=plane, actor=self.actor, **wanted.validated_data
        )
        link = invitations.link(request._request, membership.user) if made else None
        return Response({**MembershipSerializer(membership).data, "invitation": link}, status=201)

    @extend_schema(request=RoleSerializer, responses=MembershipSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give a member another role."""
        wanted = RoleSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        membership = actions.change_role(
            membership=self.get_object(), role=wanted.validated_data["role"], actor=self.actor
        )
        return Response(MembershipSerializer(membership).data)

    def perform_destroy(self, instance: Membership) -> None:
        actions.remove_member(membership=instance, actor=self.actor)
