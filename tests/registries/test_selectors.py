"""Namespace patterns and label selectors: checked when typed, applied when read."""

from __future__ import annotations

import pytest

from registries.kube.selectors import (
    check_labels,
    check_pattern,
    is_namespace,
    namespace_filter,
)


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("shop", True),
        ("a", True),
        ("kube-system", True),
        ("0-9", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("", False),
        ("Shop", False),
        ("-shop", False),
        ("shop-", False),
        ("sh.op", False),
        ("shop\n", False),
        ("sh/op", False),
    ],
)
def test_namespace_names(name: str, valid: bool) -> None:
    assert is_namespace(name) is valid


@pytest.mark.parametrize(
    ("operator", "patterns", "taken", "refused"),
    [
        ("", (), ["shop", "kube-system"], []),
        ("equal", ("shop", "bank"), ["shop", "bank"], ["shop2", "kube-system"]),
        ("not_equal", ("shop",), ["bank", "shop2"], ["shop"]),
        ("match", ("shop.*", "b[a-z]+k"), ["shop", "shop-2", "bank"], ["myshop", "bank-2"]),
        ("match", ("a|b",), ["a", "b"], ["ab", "xb"]),
        ("not_match", ("kube-.*",), ["shop", "my-kube-x"], ["kube-system"]),
    ],
)
def test_namespace_filters(
    operator: str, patterns: tuple[str, ...], taken: list[str], refused: list[str]
) -> None:
    wanted = namespace_filter(operator, patterns)
    assert [name for name in taken + refused if wanted(name)] == taken


@pytest.mark.parametrize(
    ("operator", "pattern", "valid"),
    [
        ("equal", "shop", True),
        ("equal", "shop.*", False),
        ("not_equal", "", False),
        ("match", "shop.*", True),
        ("match", "(", False),
        ("not_match", "[", False),
    ],
)
def test_patterns_are_checked(operator: str, pattern: str, valid: bool) -> None:
    if valid:
        check_pattern(operator, pattern)
    else:
        with pytest.raises(ValueError, match=r".+"):
            check_pattern(operator, pattern)


@pytest.mark.parametrize(
    "selector",
    [
        "",
        "  ",
        "team=shop",
        "team==shop",
        "team!=shop",
        "team",
        "!team",
        "team=",
        "example.org/team=shop,tier in (web, api)",
        "tier notin (a),x=1 , !y",
        "tier in ()",
    ],
)
def test_label_selectors_as_kubectl_takes_them(selector: str) -> None:
    check_labels(selector)


@pytest.mark.parametrize(
    "selector",
    [
        "=shop",
        "team=a b",
        "team=a&watch=false",
        "te am=x",
        "team in shop",
        "team in (a",
        "team=-a",
        "a,,b",
        ",",
        "team=" + "x" * 64,
        "/x=1",
        "team>5=",
    ],
)
def test_what_is_no_label_selector(selector: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        check_labels(selector)
