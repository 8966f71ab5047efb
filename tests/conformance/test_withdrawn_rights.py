from __future__ import annotations

from tests.conformance.api import Api, told
from tests.threads import eventually


def test_new_requests_are_refused_soon_and_an_open_watch_goes_on(target, space):
    token = space.account("reader")
    binding = space.grant("reader", {
        "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"],
        "verbs": ["list", "watch"],
    })  # fmt: skip
    api = Api(target.login, token)
    version = space.put_slices("a")
    eventually(lambda: api.get(space.slices).status == 200)
    watch = api.watch(space.slices, resourceVersion=version)
    assert space.api.delete(binding).status == 200
    eventually(lambda: api.get(space.slices).status == 403)
    assert api.get(space.slices, watch="true").status == 403
    space.label("a", x="y")
    assert [told(event) for event in watch.take(1)] == [("MODIFIED", "a")]


def test_a_deleted_account_is_nobody(target, space):
    api = Api(target.login, space.reader())
    space.drop("serviceaccounts", "reader")
    eventually(lambda: api.get(space.slices).status == 401, within=20)


def test_a_token_of_an_account_made_again_is_still_bad(target, space):
    api = Api(target.login, space.reader())
    space.drop("serviceaccounts", "reader")
    space.make("serviceaccounts", {"metadata": {"name": "reader"}})
    eventually(lambda: api.get(space.slices).status == 401, within=20)
