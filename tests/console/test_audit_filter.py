"""The timeline's filter offers exactly the types that are written."""

from __future__ import annotations

import pytest

from console.models import AuditEntry
from console.timeline.forms import ActivityFilterForm
from tests.factories import make_api, make_gateway, make_registry

pytestmark = pytest.mark.django_db


def test_each_type_that_is_written_can_be_chosen() -> None:
    make_registry()
    make_gateway()
    make_api()
    written = set(AuditEntry.objects.values_list("object_type", flat=True))
    field = ActivityFilterForm.base_fields["type"]
    assert written <= {value for value, _ in field.choices}
    assert {"registry", "gateway", "api", "application", "controlplane"} <= written
