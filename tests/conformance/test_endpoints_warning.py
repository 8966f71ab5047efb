from __future__ import annotations

import pytest

from tests.conformance.api import Api

WARNING = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'


@pytest.mark.parametrize("params", [{}, {"watch": "true", "timeoutSeconds": "1"}])
def test_endpoints_come_with_a_deprecation_warning_since_1_33(target, space, params):
    answer = space.api.get(space.path("endpoints"), **params)
    assert answer.status == 200
    assert answer.headers["Warning"] == (WARNING if target.minor >= 33 else None)


def test_slices_come_without_one(space):
    assert space.api.get(space.slices).headers["Warning"] is None


@pytest.mark.parametrize(("params", "status"), [({"limit": "many"}, 400), ({}, 404)])
def test_a_failure_of_one_who_may_ask_comes_with_it(target, space, params, status):
    answer = space.api.get(space.path("endpoints", "" if params else "absent"), **params)
    assert answer.status == status
    assert answer.headers["Warning"] == (WARNING if target.minor >= 33 else None)


def test_who_may_not_ask_is_not_told(target, space):
    for token, status in (("nonsense", 401), (space.account("stranger"), 403)):
        answer = Api(target.login, token).get(space.path("endpoints"))
        assert answer.status == status
        assert answer.headers["Warning"] is None
