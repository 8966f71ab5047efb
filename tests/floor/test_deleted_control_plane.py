"""What Redis holds of a control plane goes with it, also when nobody compiles."""

from __future__ import annotations

import pytest

from console import actions
from console.contract import keys
from console.feed import FeedWriter
from console.redis import Client
from tests.factories import make_control_plane

pytestmark = pytest.mark.django_db(transaction=True)


def test_its_feed_is_erased(store: Client) -> None:
    plane = make_control_plane()
    feed = keys.feed(keys.control_plane(str(plane.pk)))
    writer = FeedWriter(store, feed, epoch=1)
    writer.open()
    writer.commit({"route/1": b"{}"})
    actions.delete_control_plane(control_plane=plane, actor=None)
    assert store.exists(*feed.all()) == 0
