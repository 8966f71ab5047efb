"""What the compiler commits is what nginx's workers serve, and nothing that fails takes it away."""

from __future__ import annotations

from console.contract.wire import Node
from tests.gateways.conftest import Serve
from tests.gateways.discovery.conftest import Plane, Start, serves, upstream


def test_a_commit_is_served_and_scaled(plane: Plane, start: Start, serve: Serve) -> None:
    ports = [serve("127.0.0.1") for _ in range(5)]
    plane.publish(upstream("shop", *ports[:3]))
    bed = start()
    for count in (3, 5, 0, 3):
        plane.publish(upstream("shop", *ports[:count]))
        serves(bed, "shop", *ports[:count])
        status, body = bed.get("shop", "/cart")
        assert status == (200 if count else 503)
        if count:
            assert body.startswith("127.0.0.1 /cart")
        else:
            assert "no valid upstream node" in body
