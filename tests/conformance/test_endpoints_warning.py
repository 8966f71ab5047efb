from __future__ import annotations

import pytest

WARNING = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'


@pytest.mark.parametrize("params", [{}, {"watch": "true", "timeoutSeconds": "1"}])
def test_endpoints_come_with_a_deprecation_warning_since_1_33(target, space, params):
    answer = space.api.get(space.path("endpoints"), **params)
    assert answer.status == 200
    assert answer.headers["Warning"] == (WARNING if target.minor >= 33 else None)


def test_slices_come_without_one(space):
    assert space.api.get(space.slices).headers["Warning"] is None
