"""Resources that a gateway cannot have, by the rows that people know them by."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.urls import reverse
from django.utils.translation import gettext as _

from applications.models import Api, Upstream
from gateways import wording


@dataclass(frozen=True, slots=True)
class Refusal:
    """`key` is the resource's in the feed, `title` its row's name in words, `url` the page where it
    is changed; empty: there is no such row any more. `why` is in the reader's language."""

    key: str
    title: str
    url: str
    why: str


Key = TypeVar("Key", bound=Hashable)


def refusals(refused: Mapping[Key, Mapping[str, str]]) -> dict[Key, list[Refusal]]:
    """What each gateway refuses, in the order of keys; two queries for all, none if nothing is
    refused. What a gateway serves otherwise is told of alike."""
    known = named({key for one in refused.values() for key in one})
    return {
        gateway: [
            Refusal(key, *known.get(key, (key, "")), why=wording.reason(why))
            for key, why in sorted(found.items())
        ]
        for gateway, found in refused.items()
    }


def named(wanted: Collection[str]) -> dict[str, tuple[str, str]]:
    """The title and page of the row behind each resource, by its key in the feed; those without a
    row are left out. Two queries, none if nothing is wanted."""
    return _apis(_ids(wanted, "route")) | _upstreams(_ids(wanted, "upstream"))


def _ids(wanted: Iterable[str], kind: str) -> list[uuid.UUID]:
    found = []
    for key in wanted:
        start, _slash, row_id = key.partition("/")
        if start == kind:
            try:
                found.append(uuid.UUID(row_id))
            except ValueError:
                continue  # of another house
    return found


def _apis(ids: list[uuid.UUID]) -> dict[str, tuple[str, str]]:
    rows = Api.objects.filter(pk__in=ids).values_list("pk", "name", "application__name")
    return {
        f"route/{pk}": (
            _("the API “%(api)s” of “%(application)s”") % {"api": api, "application": application},
            reverse("applications:api-edit", args=[pk]),
        )
        for pk, api, application in (rows if ids else ())
    }


def _upstreams(ids: list[uuid.UUID]) -> dict[str, tuple[str, str]]:
    rows = Upstream.objects.filter(pk__in=ids).values_list(
        "pk", "version", "application__name", "application_id"
    )
    return {
        f"upstream/{pk}": (
            _("the upstream “%(version)s” of “%(application)s”")
            % {"version": version, "application": application},
            reverse("applications:application-edit", args=[application_id]),
        )
        for pk, version, application, application_id in (rows if ids else ())
    }
