"""The report as a PDF: made without a network, or said what is missing."""

import re
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from drills.errors import PdfUnavailable
from drills.report import pdf
from drills.report.controls import shipped
from drills.report.view import view
from tests.drills.report import sample
from tests.support.programs import require_library

VIEW = view(sample.journal(), sample.RESULT, shipped())
LONG = replace(VIEW, steps=VIEW.steps * 15)
ENOUGH_SECONDS = 15  # of a processor that others use too; the budget is 5 s of an idle one, for 100 steps


@pytest.fixture
def pango() -> None:
    """WeasyPrint, and Pango below it."""
    pytest.importorskip("weasyprint", reason="the extra pdf is missing", exc_type=ModuleNotFoundError)
    require_library("libpangoft2-1.0.so.0", package="libpangoft2-1.0-0")


@pytest.mark.usefixtures("pango")
def test_a_report_has_numbered_pages_and_a_title(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it is; tagged, with its title, and the same each time. Nothing is fetched for it."""
    asked: list[str] = []
    monkeypatch.setattr(pdf, "_refused", lambda url, *_, **__: asked.append(url))
    began = time.process_time()
    made = pdf.pdf(LONG)
    assert time.process_time() - began < ENOUGH_SECONDS
    objects = b"".join(_unpacked(made))
    assert len(re.findall(rb"/Type /Page\b", objects)) > 5
    assert b"/MarkInfo" in objects
    assert "Platform outage".encode("utf-16-be") in objects or b"Platform outage" in objects
    assert pdf.pdf(VIEW) == pdf.pdf(VIEW)
    assert asked == []


def _unpacked(made: bytes) -> Iterator[bytes]:
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL):
        with suppress(zlib.error):
            yield zlib.decompress(packed)


def test_what_is_to_be_loaded_is_refused() -> None:
    """Whatever it is."""
    for url in ("https://example.com/x.css", "file:///etc/passwd"):
        with pytest.raises(ValueError, match="loads nothing"):
            pdf._refused(url)


def test_the_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With how to have it."""
    monkeypatch.setattr(pdf, "find_spec", lambda _: None)
    with pytest.raises(PdfUnavailable, match=r"extra pdf: .*pip install '\.\[pdf\]'"):
        pdf.pdf(VIEW)


def test_the_missing_library_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Which WeasyPrint itself does with a page of advice on standard output."""

    def load(name: str, *_: object, **__: object) -> object:
        assert name == "weasyprint"
        sys.stdout.write("advice")
        raise OSError("cannot load library 'libpango-1.0-0'\nand more")

    monkeypatch.setattr(pdf, "find_spec", lambda _: object())
    monkeypatch.setattr(pdf, "import_module", load)
    with pytest.raises(PdfUnavailable, match=r"apt-get install libpango.* \(cannot load library 'libpango-1.0-0'\)"):
        pdf.pdf(VIEW)
    assert capsys.readouterr().out == ""
