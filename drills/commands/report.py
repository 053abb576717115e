"""`drill report`: makes a run's reports again, from its journal alone."""

from pathlib import Path

import click

from drills import reporting
from drills.report.controls import own
from drills.report.formats import FORMATS, by_template
from drills.report.words import verdict
from drills.runs import directory_of
from drills.settings.root import DrillFile
from glasswatch import options
from glasswatch.errors import ExitCode, UsageFault
from glasswatch.settings.load import load

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("report")
@click.argument("run")
@options.config
@options.as_json
@click.option("--format", "wanted", type=click.Choice(tuple(FORMATS)), help="One format, on standard output.")
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

    Without --format or --template, all formats are written into the run's directory. Exits 0 when they are made,
    whatever the drill came to.
    """
    wanted = "json" if as_json else wanted
    if wanted is not None and template is not None:
        raise UsageFault("expected at most one of --format, --json and --template")
    directory = directory_of(run, load(config, DrillFile))
    shown = reporting.view_of(directory, own(controls) if controls is not None else None)
    if wanted is None and template is None:
        if out is not None:
            raise UsageFault("--out: expected --format or --template with it")
        click.echo(f"{shown.run}: {verdict(shown.verdict)}: {shown.why}")
        for path in reporting.write(directory, shown):
            click.echo(f"  {path}")
        return ExitCode.GOOD
    text = by_template(shown, template) if template is not None else FORMATS[wanted or "html"](shown)
    if out is None:
        click.echo(text, nl=False)
    else:
        reporting.put(out, text)
    return ExitCode.GOOD
