"""Control planes, one's own API tokens, the audit log; and addresses that lead nowhere."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from console import access, actions
from console.models import ApiToken, AuditEntry, ControlPlane
from console.rest import ReadOnlyRowViewSet, RoomView, RowViewSet, draft_of
from console.roles import Role

from .filters import AuditEntryFilter, ControlPlaneFilter
from .serializers import (
    ApiTokenSerializer,
    AuditEntrySerializer,
    ControlPlaneSerializer,
    NewApiTokenSerializer,
)


@extend_schema(tags=["console"])
class ControlPlaneViewSet(RowViewSet[ControlPlane]):
    """What registries, applications and gateways belong to."""

    queryset = ControlPlane.objects.all()
    serializer_class = ControlPlaneSerializer
    filterset_class = ControlPlaneFilter
    search_fields = ("name", "slug", "description")
    writing = Role.ADMIN

    def perform_create(self, serializer: BaseSerializer[ControlPlane]) -> None:
        if not access.rules_all(self.actor):
            raise PermissionDenied
        serializer.instance = actions.create_control_plane(
            control_plane=draft_of(serializer), actor=self.actor
        )

    def perform_update(self, serializer: BaseSerializer[ControlPlane]) -> None:
        serializer.instance = actions.change_control_plane(
            control_plane=draft_of(serializer), actor=self.actor
        )

    def perform_destroy(self, instance: ControlPlane) -> None:
        actions.delete_control_plane(control_plane=instance, actor=self.actor)


@extend_schema(tags=["console"])
class ApiTokenViewSet(
    RoomView[ApiToken],
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    GenericViewSet[ApiToken],
):
    """One's own keys to this API. The text of a token is in the answer to its creation only;
    deleting a token revokes it at once."""

    queryset = ApiToken.objects.all()
    serializer_class = ApiTokenSerializer
    ordering_fields = ("name", "created_at", "expires_at", "last_used_at")
    search_fields = ("name",)
    personal = True

    def get_queryset(self) -> QuerySet[ApiToken]:
        return super().get_queryset().filter(user=self.actor)

    @extend_schema(responses={201: NewApiTokenSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a token. One that is made with a token does not outlive that one."""
        serializer = ApiTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.draft()
        end = request.auth.expires_at if isinstance(request.auth, ApiToken) else None
        if end and (wanted.expires_at is None or wanted.expires_at > end):
            raise ValidationError(
                {"expires_at": _("A token made with a token expires with it at the latest.")}
            )
        token, text = actions.create_api_token(
            user=self.actor, name=wanted.name, expires_at=wanted.expires_at
        )
        return Response({**ApiTokenSerializer(token).data, "text": text}, status=201)

    def perform_destroy(self, instance: ApiToken) -> None:
        actions.revoke_api_token(token=instance, actor=self.actor)


@extend_schema(tags=["console"])
class AuditEntryViewSet(ReadOnlyRowViewSet[AuditEntry]):
    """Who did what, with the values before and after, without secrets; the newest first. What
    belongs to no control plane (tokens, people) is for superusers."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    filterset_class = AuditEntryFilter
    lookup_value_converter = "int"
    ordering = ("-at", "-id")
    ordering_fields = ("at",)
    search_fields = ("actor_name", "object_name")

    def within(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        return rows if access.rules_all(self.actor) else super().within(rows)


@extend_schema(exclude=True)
class NowhereView(APIView):
    """Every address that is none: a JSON answer instead of a page."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        super().initial(request, *args, **kwargs)
        if not request.path.endswith("/"):
            raise NotFound(_("There is nothing here. Addresses end with a slash."))
        raise NotFound(_("There is nothing here."))
