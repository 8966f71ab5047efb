"""Template tags of the whole console; built in, so that no page has to load them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django import forms, template
from django.contrib.messages.storage.base import Message
from django.core.paginator import Page
from django.forms import BoundField
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.contract import wire
from console.redaction import redact
from console.ui.lists import Listed, Listing
from console.ui.pages import Badge
from console.ui.toasts import way_back

register = template.Library()


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One of Tabler's icons; decoration, so that screen readers pass over it."""
    return format_html('<i class="ti ti-{} {}" aria-hidden="true"></i>', name, css)


@register.simple_tag
def badge(state: Badge) -> SafeString:
    return format_html(
        '<span class="status status-{}"><span class="status-dot"></span> {}</span>',
        state.colour,
        state.label,
    )


@register.simple_tag
def published(row: Any) -> SafeString:
    state = Badge(_("published"), "green") if row.published else Badge(_("draft"))
    return badge(state)


@register.simple_tag
def since(moment: datetime | float | None) -> SafeString | str:
    """How long ago, in its largest unit; the exact time is in the tooltip. Takes a datetime or
    milliseconds since the Unix epoch; nothing and zero are “never”."""
    if not moment:
        return _("never")
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment / 1000, UTC)
    return format_html(
        '<time datetime="{}" title="{}" data-since>{}</time>',
        at.isoformat(timespec="milliseconds"),
        timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z"),
        _distance((timezone.now() - at).total_seconds()),
    )


def _distance(seconds: float) -> str:
    left = abs(seconds)
    if left < 2:
        return _("just now")
    if left < 60:
        text = _("%d s") % left
    elif left < 3600:
        text = _("%d min") % (left // 60)
    elif left < 86_400:
        text = _("%d h") % (left // 3600)
    else:
        days = int(left // 86_400)
        text = ngettext("%d day", "%d days", days) % days
    return (_("%s ago") if seconds > 0 else _("in %s")) % text


@register.simple_tag
def ago_words() -> str:
    """The words of `since`, for the script that keeps ages true while a page stays open
    (static/ago.js); separated by bars."""
    days = [ngettext("%d day", "%d days", number) for number in (1, 2)]
    words = [_("%d s"), _("%d min"), _("%d h"), *days, _("%s ago"), _("in %s"), _("just now")]
    return "|".join(words)


@register.simple_tag
def now_ms() -> int:
    """The server's time in milliseconds since the Unix epoch."""
    return int(timezone.now().timestamp() * 1000)


@register.filter
def setting_text(value: Any) -> str:
    """A setting in words: without the password that an address in it may carry."""
    if not value and value is not False:
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return redact(text)


@register.inclusion_tag("_field.html")
def field(bound: BoundField, **options: Any) -> dict[str, Any]:
    """A field with its label, help and errors. Options: `label`, `help`, `css` of the frame,
    `switch` for a checkbox; others become attributes of the input (`data_list` → data-list)."""
    own = {name: options.pop(name, None) for name in ("label", "help", "css", "switch")}
    widget = bound.field.widget
    several = isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect)
    tick = isinstance(widget, forms.CheckboxInput)
    attributes = {name.replace("_", "-"): value for name, value in options.items()}
    classes = [] if several else [str(widget.attrs.get("class", ""))]
    if tick or several:
        classes.append("form-check-input")
    elif isinstance(widget, forms.Select):
        classes.append("form-select")
    else:
        classes.append("form-control")
    if bound.errors:
        classes.append("is-invalid")
    attributes["class"] = " ".join(filter(None, classes))
    if several:  # drawn one by one, which looks at the widget only
        widget.attrs["class"] = attributes["class"]
    return {
        **own,
        "field": bound,
        "label": own["label"] or bound.label,
        "help": own["help"] or bound.help_text,
        "tick": tick,
        "several": several,
        "attributes": attributes,
        "control": "" if several else bound.as_widget(attrs=attributes),
    }


@register.filter
def wrong(form: forms.BaseForm, names: str) -> bool:
    """Whether any of the fields has an error: a folded part with an error is shown unfolded."""
    return any(name in form.errors for name in names.split())


@register.inclusion_tag("_nav_item.html", takes_context=True)
def nav(context: Context, view: str, label: str, symbol: str, within: str = "") -> dict[str, Any]:
    """An entry of a navigation; active in the views whose names start with one of `within`."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    here = match.view_name if match else ""
    return {
        "url": reverse(view),
        "label": label,
        "symbol": symbol,
        "active": any(here.startswith(start) for start in (within or view).split()),
    }


@register.inclusion_tag("_pagination.html", takes_context=True)
def pagination(
    context: Context, page: Page[Any], param: str = "page", anchor: str = ""
) -> dict[str, Any]:
    """Links to the other pages; the rest of the address stays. `param` is the page's name in it,
    `anchor` the part of the page where the list is."""
    asked = context["request"].GET.copy()
    asked.pop("format", None)

    def link(number: int | str) -> tuple[int | str, str]:
        asked[param] = str(number)
        return number, f"?{asked.urlencode()}" + (f"#{anchor}" if anchor else "")

    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return {
        "page": page,
        "numbers": [link(number) for number in numbers],
        "ellipsis": page.paginator.ELLIPSIS,
        "previous": link(page.previous_page_number())[1] if page.has_previous() else "",
        "next": link(page.next_page_number())[1] if page.has_next() else "",
    }


@register.simple_tag(takes_context=True)
def kept(context: Context, *names: str) -> SafeString:
    """What a form of filters leaves in the address beside its own fields."""
    asked = context["request"].GET
    return format_html_join(
        "",
        '<input type="hidden" name="{}" value="{}">',
        ((name, asked[name]) for name in names if asked.get(name)),
    )


@register.inclusion_tag("_sort_heading.html", takes_context=True)
def sort_heading(
    context: Context,
    listing: Listing[Any] | Listed[Any],
    name: str,
    label: str,
    css: str = "",
    anchor: str = "",
) -> dict[str, Any]:
    """A table heading that sorts (`console.ui.lists`); pressed again, it turns the order round."""
    order = {name: "ascending", f"-{name}": "descending"}.get(listing.sort, "")
    return {
        "request": context["request"],
        "label": label,
        "css": css,
        "order": order,
        "anchor": anchor,
        "next": f"-{name}" if order == "ascending" else name,
    }


@register.inclusion_tag("_export.html", takes_context=True)
def export_links(context: Context, address: str = "") -> dict[str, Any]:
    """The list as a file, with the filters that the address has; of a part of a page, whose rows
    another `address` has."""
    joined = address and address + ("&" if "?" in address else "?")
    return {"request": context["request"], "address": joined}


@register.simple_tag
def undo_of(message: Message) -> dict[str, Any] | None:
    """The way back that a message offers (`console.ui.toasts`)."""
    found = way_back(message.extra_tags or "")
    return {"url": found[0], "fields": found[1]} if found else None


@register.filter
def ports(service: wire.Service) -> str:
    """The ports of a service in words: ``http 80, 9090``."""
    found = {(port.port, port.name) for subset in service.subsets for port in subset.ports}
    return ", ".join(f"{name} {port}".strip() for port, name in sorted(found))


@register.filter
def endpoint_badge(endpoint: wire.Endpoint) -> Badge:
    if endpoint.terminating:
        return Badge(_("terminating, serving") if endpoint.serving else _("terminating"), "yellow")
    if endpoint.ready:
        return Badge(_("ready"), "green")
    return Badge(_("serving, not ready") if endpoint.serving else _("not ready"), "orange")
