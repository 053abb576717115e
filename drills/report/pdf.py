"""Turns the HTML report into a PDF, with WeasyPrint: the extra `pdf`, and the system's Pango below it.

Nothing is fetched: what the page does not hold itself is refused, whatever address it has.
"""

import io
import logging
import warnings
from contextlib import redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, NoReturn

from drills.errors import PdfUnavailable
from drills.report.formats import html
from drills.report.values import ReportView

_EXTRA: Final = (
    "a PDF needs the extra pdf: pipx inject glasswatch weasyprint, or in a virtual environment, from a clone, "
    "pip install '.[pdf]'"
)
_PANGO: Final = (
    "a PDF needs Pango, which is the system's: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0, "
    "or what your system calls them"
)


def is_installed() -> bool:
    """Return whether the extra is there. Whether Pango is shows when a PDF is made."""
    return find_spec("weasyprint") is not None


def pdf(view: ReportView) -> bytes:
    """Return the report as a PDF, tagged for who listens to it.

    Raises:
        PdfUnavailable: the extra, or a library of the system's below it, isn't there.
    """
    page = html(view)
    made = _weasyprint().HTML(string=page, url_fetcher=_refused)
    # Named by the run, so that the same journal makes the same file.
    return bytes(made.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=view.run.encode()))


def _weasyprint() -> Any:  # noqa: ANN401 - it has no types
    if not is_installed():
        raise PdfUnavailable(_EXTRA)
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # what it doesn't know of our style is no news
    try:
        # Where a library is missing it prints a page of advice to standard output.
        with warnings.catch_warnings(action="ignore"), redirect_stdout(io.StringIO()):
            return import_module("weasyprint")  # where a PDF is made, and nowhere else
    except OSError as fault:
        raise PdfUnavailable(f"{_PANGO} ({str(fault).splitlines()[0][:200]})") from None


def _refused(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError(f"a report loads nothing, and so not {url[:100]!r}")
