"""A secret that ends up in the settings file shows nowhere."""

import re
from pathlib import Path

import pytest

from glasswatch.settings.load import load, load_text
from glasswatch.settings.mistake import SettingsFault
from monitor.settings.root import MonitorSettings
from tests.support.settings_files import settings_of, write

PLANTED = "hunter2-planted"
EXAMPLE = Path(__file__).parents[3] / "examples" / "glasswatch.yaml"


def _without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#"))


LINES = _without_comments(EXAMPLE.read_text()).splitlines()
VALUES = [number for number, line in enumerate(LINES) if re.search(r":\s+\S", line) or line.strip().startswith("- ")]


@pytest.mark.parametrize(
    "planted",
    [
        PLANTED,
        f"[{PLANTED}]",
        f"{{{PLANTED} x: {PLANTED}}}",
        f"!{PLANTED} x",
        f"*{PLANTED}",
        f'"{PLANTED}',
        f"{PLANTED}: {PLANTED}",
        f"https://{PLANTED}:{PLANTED}@example.com/",
    ],
)
def test_a_planted_secret_shows_in_no_mistake(tmp_path: Path, planted: str) -> None:
    """Whatever value is replaced by a secret, and however that breaks the file, nothing that is said holds it."""
    refused = 0
    for number in VALUES:
        line = re.sub(r"(:\s+|- ).*", lambda found: found[1] + planted, LINES[number], count=1)
        text = "\n".join([*LINES[:number], line, *LINES[number + 1 :]])
        said = _said(write(tmp_path, text))
        assert PLANTED not in said, LINES[number]
        refused += bool(said)
    assert refused > len(VALUES) // 2


def _said(path: Path) -> str:
    try:
        load(path, MonitorSettings)
    except SettingsFault as fault:
        return f"{fault}\n{fault!r}\n{fault.mistakes}\n{fault.__cause__}"
    return ""


def test_a_secret_written_as_a_key_is_not_told() -> None:
    """`{token}` in place of `{env: token}` is a key to YAML."""
    text = EXAMPLE.read_text().replace("{env: WEBHOOK_SECRET}", f"{{{PLANTED}}}")
    with pytest.raises(SettingsFault) as caught:
        load_text(text, MonitorSettings, Path("glasswatch.yaml"))
    (mistake,) = caught.value.mistakes
    assert PLANTED not in str(mistake)
    assert mistake.path == "paging.channels.ops.secret"


def test_settings_show_no_header_and_no_body(tmp_path: Path) -> None:
    """What is sent may hold more than it should: it is not part of the settings' text."""
    text = EXAMPLE.read_text().replace("Content-Type: application/json", f"X-Note: {PLANTED}")
    settings = settings_of(tmp_path, text.replace('{"dry_run": true}', PLANTED))
    assert PLANTED not in f"{settings} {settings!r}"
