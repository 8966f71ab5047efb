"""How long the console's pages take in a full house.

    script/bench pages
    script/bench pages --services 10000 --applications 1000 --rounds 40

A console under uvicorn, as it really runs, on PostgreSQL and Valkey of its own: one registry with
10,000 services in its feed, 50 registries, 1,000 applications with two APIs each, 5,000 entries of
the audit log. Somebody who is logged in asks for each page, one after the other, on one connection.
"""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING

from bench.parts import Broken, options_of, print_head, print_table, print_verdict, wait_for
from bench.parts_crowd import Crowd, fill
from bench.parts_house import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.pages import Places

BUDGET = 0.2  # seconds, of 95 in 100 visits


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--services", type=int, default=10_000)
    options.add_argument("--applications", type=int, default=1_000)
    options.add_argument("--registries", type=int, default=50)
    options.add_argument("--entries", type=int, default=5_000)
    options.add_argument("--rounds", type=int, default=40)
    chosen = options.parse_args()
    print_head(f"pages: {chosen.services:,} services, {chosen.applications:,} applications")
    with House() as house:
        places, cookie = _furnish(
            Crowd(
                services=chosen.services,
                applications=chosen.applications,
                registries=chosen.registries,
                entries=chosen.entries,
            )
        )
        _, port = house.console()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        wait_for(lambda: _answers(connection), within=30, what="the console answers")
        rows, slowest = [], ("", 0.0)
        for address in _addresses(places):
            sizes, seconds = zip(
                *(_visit(connection, address, cookie) for _ in range(chosen.rounds)), strict=True
            )
            ordered = sorted(seconds)
            half, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
            rows.append([_shown(address, places), half * 1000, most * 1000, sizes[-1] / 1024])
            slowest = max(slowest, (address, most), key=lambda one: one[1])
        connection.close()
    print_table(["page", "p50 ms", "p95 ms", "KiB"], rows)
    print_verdict(
        slowest[1] <= BUDGET,
        f"the slowest, {_shown(slowest[0], places)}: p95 {slowest[1] * 1000:.0f} ms"
        f" (budget: {BUDGET * 1000:.0f} ms)",
    )


def _furnish(crowd: Crowd) -> tuple[Places, str]:
    """Make the rows and a session; where to look, and the session's cookie."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from console import actions
    from console.models import ControlPlane, Membership
    from gateways.models import Gateway
    from registries.models import Registry
    from tests.pages import Places

    plane = actions.create_control_plane(
        control_plane=ControlPlane(name="Bench", slug="bench"), actor=None
    )
    registry = Registry.objects.create(
        control_plane=plane,
        name="large",
        server="https://10.0.0.1:6443",
        token="-",  # noqa: S106 - of no cluster
    )
    gateway = Gateway.objects.create(control_plane=plane, name="edge", kind="traefik")
    fill(plane, registry, crowd)
    user = get_user_model().objects.create_superuser("bench")
    member = Membership.objects.create(control_plane=plane, user=user)
    browser = Client()
    browser.force_login(user)
    application = plane.applications.order_by("name").first()
    if application is None:
        raise Broken("At least one application is needed.")
    places = Places(
        registry=str(registry.pk),
        application=str(application.pk),
        upstream=str(application.upstreams.get().pk),
        api=str(application.apis.order_by("name")[0].pk),
        gateway=str(gateway.pk),
        member=str(member.pk),
        namespace="team-0",
        service="service-0",
    )
    return places, f"sessionid={browser.cookies['sessionid'].value}"


def _addresses(places: Places) -> Iterator[str]:
    from tests.pages import PAGES, PARTS, address, question

    for name in (*PAGES, *PARTS):
        yield address(name, places) + question(name, places)


def _shown(address: str, places: Places) -> str:
    for part in (places.registry, places.application, places.api, places.gateway):
        address = address.replace(part, "…")
    return address.partition("?")[0]


def _answers(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.request("GET", "/login/")
        return connection.getresponse().read() != b""
    except OSError:
        connection.close()
        return False


def _visit(connection: http.client.HTTPConnection, address: str, cookie: str) -> tuple[int, float]:
    """The size and the seconds of an answer."""
    began = time.perf_counter()
    connection.request("GET", address, headers={"Cookie": cookie})
    answer = connection.getresponse()
    size = len(answer.read())
    if answer.status != 200:
        raise Broken(f"{address} answers {answer.status}.")
    return size, time.perf_counter() - began


if __name__ == "__main__":
    main()
