"""`drill report`: makes a run's reports again, from its journal alone."""

import sys
from pathlib import Path
from typing import Final

import click

from drills import reporting
from drills.errors import PdfUnavailable
from drills.report import pdf
from drills.report.controls import own
from drills.report.formats import by_template
from drills.report.values import ReportView
from drills.report.words import verdict
from drills.runs import directory_at
from glasswatch import options
from glasswatch.ending import complain
from glasswatch.errors import ExitCode, UsageFault

_ALSO: Final = {"md": "markdown"}
"""Other names of formats: as their files end."""
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("report")
@click.argument("run")
@options.config
@options.as_json
@click.option(
    "--format", "wanted", type=click.Choice((*reporting.NAMES, *_ALSO)), help="One format, on standard output."
)
@click.option("--template", type=_FILE, help="A template of your own (Jinja), on standard output.")
@click.option("--controls", type=_FILE, help="A table of controls of your own, in place of the shipped one.")
@click.option("--out", type=_FILE, help="Write to this file in place of standard output.")
def command(  # noqa: PLR0913 - one parameter an option
    run: str,
    config: Path,
    *,
    as_json: bool,
    wanted: str | None,
    template: Path | None,
    controls: Path | None,
    out: Path | None,
) -> int:
    """Make the reports of RUN again, from its journal: an id, or the path of a run's directory.

    For a directory no settings file is needed. Without --format or --template, all formats are written into the run's
    directory; a PDF where the extra `pdf` is installed. Exits 0 when they are made, whatever the drill came to.
    """
    wanted = "json" if as_json else _ALSO.get(wanted or "", wanted)
    if wanted is not None and template is not None:
        raise UsageFault("expected at most one of --format, --json and --template")
    if wanted == reporting.PDF and out is None and sys.stdout.isatty():
        raise UsageFault("--format pdf: expected --out FILE with it: a terminal shows no PDF")
    directory = directory_at(run, config)
    shown = reporting.view_of(directory, own(controls) if controls is not None else None)
    if wanted is None and template is None:
        if out is not None:
            raise UsageFault("--out: expected --format or --template with it")
        _write_all(directory, shown)
        return ExitCode.GOOD
    content = by_template(shown, template).encode() if template is not None else reporting.rendered(shown, wanted or "")
    if out is None:
        click.echo(content, nl=False)
    else:
        reporting.put(out, content)
    return ExitCode.GOOD


def _write_all(directory: Path, shown: ReportView) -> None:
    click.echo(f"{shown.run}: {verdict(shown.verdict)}: {shown.why}")
    for path in reporting.write(directory, shown):
        click.echo(f"  {path}")
    if not pdf.is_installed():
        return
    try:
        (path,) = reporting.write(directory, shown, [reporting.PDF])
    except PdfUnavailable as fault:
        complain(f"no {reporting.NAMES[reporting.PDF]}: {fault}")
    else:
        click.echo(f"  {path}")
