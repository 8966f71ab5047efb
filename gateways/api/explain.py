"""Why an upstream has its nodes, with what gateways say to it."""

from __future__ import annotations

from applications.api.explain import ExplainViewSet
from applications.explain import Sentence
from applications.models import Upstream
from console.contract import keys
from gateways import explain


class UpstreamExplainViewSet(ExplainViewSet):
    """Upstreams by their ids alone, for the question why they have their nodes."""

    def beyond(self, upstream: Upstream) -> list[Sentence]:
        routes = upstream.application.apis.values_list("pk", flat=True)
        wanted = [keys.upstream(str(upstream.pk)), *(keys.route(str(one)) for one in routes)]
        return explain.of(upstream.application.control_plane, wanted)
