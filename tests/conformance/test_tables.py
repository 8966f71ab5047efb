from __future__ import annotations

from tests.conformance.api import TABLE
from tests.conformance.space import service_of


def test_a_list_of_slices_comes_as_a_table_if_wanted(space):
    space.put_slices("a", service="web")
    answer = space.api.get(space.slices, headers={"Accept": f"{TABLE},application/json"})
    table = answer.json
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names == ["Name", "AddressType", "Ports", "Endpoints", "Age"]
    (row,) = table["rows"]
    assert row["cells"][:4] == ["a", "IPv4", "8080", "10.0.0.1"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "a"


def test_whole_objects_can_be_in_it(space):
    space.put_slices("a")
    table = space.api.get(space.slices, includeObject="Object", headers={"Accept": TABLE}).json
    assert table["rows"][0]["object"]["kind"] == "EndpointSlice"


def test_none_can_be_in_it(space):
    space.put_slices("a")
    table = space.api.get(space.slices, includeObject="None", headers={"Accept": TABLE}).json
    assert table["rows"][0].get("object") is None


def test_a_table_of_services_has_their_columns(space):
    space.make("services", service_of("web"))
    table = space.api.get(space.path("services"), headers={"Accept": TABLE}).json
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names == ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"]
    cells = table["rows"][0]["cells"]
    assert (cells[0], cells[1], cells[3], cells[4]) == ("web", "ClusterIP", "<none>", "80/TCP")


def test_a_table_has_pages(space):
    space.put_slices("a", "b", "c")
    table = space.api.get(space.slices, limit=2, headers={"Accept": TABLE}).json
    assert [row["cells"][0] for row in table["rows"]] == ["a", "b"]
    assert table["metadata"]["remainingItemCount"] == 1
    assert table["metadata"]["continue"]


def test_a_watch_comes_as_tables_with_columns_in_the_first(space):
    version = space.put_slices("a")
    space.label("a", x="y")
    space.label("a", x="z")
    watch = space.api.watch(space.slices, resourceVersion=version, headers={"Accept": TABLE})
    first, second = watch.take(2)
    assert first["object"]["kind"] == second["object"]["kind"] == "Table"
    assert first["object"]["columnDefinitions"]
    assert not second["object"]["columnDefinitions"]
