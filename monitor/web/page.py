"""Turns views into HTML: templates for the status page and for a platform's part of it, and one for a probe's own.

The style stands inside the page, so that one file is the whole of it; the policy names the style's hash, and allows
nothing else to load or run.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import FunctionLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from monitor.web import pageview
from monitor.web.detailview import DetailView
from monitor.web.pageview import FunctionView, PageView, PlatformView, SectionView, Tone

_ICON_COLOURS = {
    Tone.GOOD: "#2e8b57",
    Tone.WARN: "#d99000",
    Tone.BAD: "#c62f26",
    Tone.UNKNOWN: "#7a8594",
    Tone.OPEN: "#7a49c0",
    Tone.SEALED: "#4a5563",
}

_FIELDS: Mapping[type, frozenset[str]] = {
    view: frozenset(field.name for field in fields(view))
    for view in vars(pageview).values()
    if isinstance(view, type) and is_dataclass(view)
}


def render(page: PageView) -> str:
    """Return the whole document, with the platforms that the view holds."""
    sections = [
        SectionView(each.anchor, each.name, joined(pieces(each, each.functions, is_file=page.is_file)))
        for each in page.platforms
    ]
    return frame(page, sections)


def frame(page: PageView, sections: Sequence[SectionView]) -> str:
    """Return the whole document around the platforms' parts."""
    return _template("status.html.j2").render(
        page=page,
        sections=sections,
        policy=policy(),
        style=Markup(style()),  # noqa: S704 - our own style sheet, which holds no text from outside
        icons=_icons(),
    )


def pieces(platform: PlatformView, functions: Iterable[FunctionView], *, is_file: bool) -> Iterator[str]:
    """Yield a platform's part of the page, a little at a time; `functions` are taken as they are needed."""
    return _template("platform.html.j2").generate(platform=platform, functions=functions, is_file=is_file)


def joined(made: Iterable[str]) -> Markup:
    """Return the pieces of a platform's part as one."""
    return Markup("".join(made))  # noqa: S704 - each piece comes from our template, which escapes


def render_detail(page: DetailView) -> str:
    """Return the page of one probe."""
    return _template("probe.html.j2").render(page=page, policy=policy(), style=Markup(style()), icons=_icons())  # noqa: S704 - as above


@cache
def style() -> str:
    """Return the style sheet as it stands in the page."""
    return _file("status.css")


@cache
def policy() -> str:
    """Return the content security policy that lets this page show, and nothing besides."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, which lets our own views be read without looking twice: half of the time went into that."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - the sandbox's own signature
        """Return what a template asks of a value."""
        if attribute in _FIELDS.get(type(obj), ()):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return _Sandbox(
        loader=FunctionLoader(_file), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _icons() -> dict[Tone, str]:
    """Return a dot for the browser's tab, by tone."""
    shape = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="{}"/></svg>'
    return {tone: "data:image/svg+xml," + quote(shape.format(colour)) for tone, colour in _ICON_COLOURS.items()}


def _file(name: str) -> str:
    return files("monitor.web").joinpath("templates", name).read_text(encoding="utf-8")
