"""The metrics as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import Settings

    from console.redis import Client as Store


class Scrape:
    """One answer of `/metrics`, by the names of its samples."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = list(text_string_to_metric_families(text))
        self._samples = [sample for family in self.families for sample in family.samples]

    def of(self, name: str, /, **labels: str) -> dict[tuple[str, ...], float]:
        """The samples of a name that have these labels, by the values of their other labels."""
        return {
            tuple(
                value for label, value in sample.labels.items() if label not in labels
            ): sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        }

    def one(self, name: str, /, **labels: str) -> float:
        [value] = self.of(name, **labels).values()
        return value


@pytest.fixture
def scrape(client: Client, store: Store, settings: Settings, db: None) -> Callable[[], Scrape]:
    """Ask as Prometheus does, in a house that lets it."""
    settings.METRICS_OPEN = True

    def ask() -> Scrape:
        answer = client.get("/metrics")
        assert answer.status_code == 200, answer.content
        return Scrape(answer.content.decode())

    return ask
