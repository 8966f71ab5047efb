"""Whose pictures are taken: a house that is started for them, or one that runs already."""

from __future__ import annotations

import argparse
import json
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from practice.testing import PracticeCluster
from screens import life
from tests.house import House
from tests.pages import Places
from tests.up.checkout import Checkout, Up


@dataclass(frozen=True)
class Lit:
    """A console to take pictures of, and where to look in it."""

    url: str
    user: str
    password: str
    places: Places


@contextmanager
def own() -> Iterator[Lit]:
    """Start a house with two clusters, fill it, and stop it in the end."""
    with (
        tempfile.TemporaryDirectory(prefix="house-") as folder,
        PracticeCluster(workload=True, replicas=3) as cluster,
        PracticeCluster() as other,
    ):
        checkout = Checkout(Path(folder) / "portolan")
        run = Up(
            checkout,
            "--empty",
            REGISTRIES_ALLOW_LOOPBACK_NODES="1",
            REGISTRIES_ALLOW_LOOPBACK_SERVERS="1",
        )
        try:
            run.await_line("Portolan is up.")
            house = House(checkout, run, cluster)
            places = life.fill(house, cluster, other)
            yield Lit(house.console, house.user, house.password, places)
        finally:
            run.end()


def there(chosen: argparse.Namespace) -> Lit:
    """The console at --url, with its first objects."""

    def first(path: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the address that was given
            f"{chosen.url.rstrip('/')}/api/v1/{path}",
            headers={"Authorization": f"Bearer {chosen.token}"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            found = json.load(answer)["results"]
        if not found:
            raise SystemExit(f"{chosen.url} has nothing in {path}: pictures need one of each.")
        return found[0]

    registry, application, gateway = (
        first(path) for path in ("registries/", "applications/", "gateways/")
    )
    service = first(f"registries/{registry['id']}/services/")
    places = Places(
        registry=registry["id"],
        application=application["id"],
        upstream=application["upstream"]["id"],
        api=first(f"applications/{application['id']}/apis/")["id"],
        gateway=gateway["id"],
        namespace=service["namespace"],
        service=service["name"],
    )
    return Lit(chosen.url, chosen.user, chosen.password, places)
