"""The audit log, to read."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.forms import AuditFilterForm
from console.models import AuditEntry
from console.ui.pages import page, paginate


@page()
def audit_list(request: HttpRequest) -> HttpResponse:
    form = AuditFilterForm(request.GET)
    entries = AuditEntry.objects.select_related("actor")
    if form.is_valid():
        chosen = form.cleaned_data
        if chosen["verb"]:
            entries = entries.filter(verb=chosen["verb"])
        if chosen["type"]:
            entries = entries.filter(object_type=chosen["type"])
        if chosen["object"]:
            entries = entries.filter(object_id=chosen["object"])
        if chosen["q"]:
            entries = entries.filter(
                Q(object_name__icontains=chosen["q"]) | Q(actor_name__icontains=chosen["q"])
            )
    return render(
        request, "console/audit_list.html", {"form": form, "page": paginate(request, entries)}
    )
