"""Turns views into HTML: one template for the status page, served or a file, and one for a probe's own.

The style stands inside the page, so that one file is the whole of it; the policy names the style's hash, and allows
nothing else to load or run.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from jinja2 import FunctionLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from monitor.web.detailview import DetailView
from monitor.web.pageview import PageView, Tone

_ICON_COLOURS = {
    Tone.GOOD: "#2e8b57",
    Tone.WARN: "#d99000",
    Tone.BAD: "#c62f26",
    Tone.UNKNOWN: "#7a8594",
    Tone.OPEN: "#7a49c0",
    Tone.SEALED: "#4a5563",
}


def render(page: PageView) -> str:
    """Return the whole document."""
    return _template("status.html.j2").render(page=page, policy=policy(), style=Markup(style()), icons=_icons())  # noqa: S704 - our own style sheet, which holds no text from outside


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


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
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
