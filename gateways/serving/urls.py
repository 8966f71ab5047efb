"""Where gateways fetch what they are to have."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "serving"

urlpatterns = [path("<uuid:pk>/traefik.json", views.traefik_document, name="traefik")]
