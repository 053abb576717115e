"""Turns the view of a run into a file: HTML, Markdown, JSON, JUnit XML, or whatever a template of the user's makes.

- HTML is one file with its style inside; its policy lets nothing else load or run.
- In Markdown every text from outside is escaped, so that it is text and stays in its cell.
- Templates, ours and the user's, run in a sandbox that changes nothing and reaches nothing.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import FunctionLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from drills.errors import TemplateFault
from drills.report import words
from drills.report.junit import junit
from drills.report.meter import meter
from drills.report.summary import summary
from drills.report.timeline import timeline
from drills.report.values import ReportView

_LARGEST_TEMPLATE: Final = 2**20
_TEMPLATES: Final = frozenset({"report.html.j2", "report.md.j2", "compare.html.j2"})
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")


def html(view: ReportView) -> str:
    """Return the report as one HTML document."""
    return page("report.html.j2", {**_given(view), "timeline": timeline(view, is_linked=True)})


def page(name: str, given: Mapping[str, object]) -> str:
    """Return what one of our templates of HTML makes of this, with the reports' style and policy."""
    return _environment(escapes=True).get_template(name).render(**given, **_style())


def markdown(view: ReportView) -> str:
    """Return the report as Markdown (GitHub's, with tables)."""
    return _environment(escapes=False).get_template("report.md.j2").render(**_given(view), md=escaped)


def as_json(view: ReportView) -> str:
    """Return everything the report shows as JSON: times as RFC 3339, lengths in seconds."""
    return json.dumps(asdict(view), default=_plain, indent=2, ensure_ascii=False) + "\n"


FORMATS: Final[Mapping[str, Callable[[ReportView], str]]] = {
    "html": html,
    "markdown": markdown,
    "json": as_json,
    "junit": junit,
}
"""Every format by its name."""


def by_template(view: ReportView, path: Path) -> str:
    """Return what a template of the user's makes of a run. Its name ends with `.html…` where its text is to be escaped.

    Raises:
        TemplateFault: it can't be read, or asks for what is not there.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if len(text) > _LARGEST_TEMPLATE:
            raise TemplateFault(f"{path}: expected a template of at most 1 MiB")
        template = _environment(escapes=".html" in path.name).from_string(text)
        return template.render(**_given(view), **_style(), md=escaped)
    except (OSError, UnicodeDecodeError) as fault:
        why = getattr(fault, "strerror", None) or "it is not UTF-8 text"
        raise TemplateFault(f"{path}: the template can't be read: {why}") from None
    except (TemplateError, TypeError, ValueError, OverflowError) as fault:
        line = getattr(fault, "lineno", None)
        where = f":{line}" if line else ""
        raise TemplateFault(f"{path}{where}: {type(fault).__name__}: {str(fault).splitlines()[0][:200]}") from None


def escaped(text: object) -> str:
    """Return text that Markdown shows as it is, in one line and in one cell."""
    line = str(text).replace("\r", " ").replace("\n", " ")
    # As entities: a renderer that knows no backslash before a bracket must not make a tag of it.
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", line)


def _given(view: ReportView) -> dict[str, object]:
    return {"view": view, "words": words, "timeline": timeline(view), "meter": meter, "summary": summary(view)}


def _style() -> dict[str, object]:
    sheet = _file("report.css")
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return {"style": Markup(sheet), "policy": policy}  # noqa: S704 - our own style sheet, nothing from outside


@cache
def _environment(*, escapes: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_template),
        autoescape=escapes,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> str | None:
    return _file(name) if name in _TEMPLATES else None  # a template includes ours, and no other file


@cache
def _file(name: str) -> str:
    return files("drills.report").joinpath("templates", name).read_text(encoding="utf-8")


def _plain(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    if isoformat is None:
        raise TypeError(f"a report holds no {type(value).__name__}")
    return str(isoformat()).replace("+00:00", "Z")
