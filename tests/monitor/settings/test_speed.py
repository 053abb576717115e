"""A large file is read in seconds, and many mistakes are found without a search for each."""

from pathlib import Path
from time import process_time

import pytest

from glasswatch.settings.load import load_text
from glasswatch.settings.mistake import SettingsFault
from monitor.settings.root import MonitorSettings

# Measured for ten thousand: 1.7 s on two cores. The cycle collector alone makes it 7 s.
SECONDS = 6.0


def _text(count: int, interval: str) -> str:
    probes = "".join(
        f"""      probe-{number}:
        type: http
        function: function-{number % 50}
        url: https://portal.example.com/health/{number}
        interval: {interval}
        timeout: 5s
        confirm: {{attempts: 3, every: 5s}}
        expect: {{status: [200], body_matches: ok, json: {{status: ok}}}}
        warn: {{duration: 2s, tls_days_left: 14}}
"""
        for number in range(count)
    )
    return f"""\
deployment: prod
platforms:
  payments:
    procedure: {{url: https://wiki.example.com/x, file: procedure.md}}
    probes:
{probes}controls: none
flag: {{key: {{file: flag.key}}}}
"""


def test_ten_thousand_probes() -> None:
    """Ten thousand probes are read within the time."""
    text = _text(10_000, "15s")
    started = process_time()
    settings = load_text(text, MonitorSettings, Path("glasswatch.yaml"))
    assert process_time() - started < SECONDS
    assert len(settings.platforms["payments"].probes) == 10_000


def test_two_thousand_mistakes() -> None:
    """A mistake in each of two thousand probes: every one is found, each in its place, within the time."""
    text = _text(2_000, "15")
    started = process_time()
    with pytest.raises(SettingsFault) as caught:
        load_text(text, MonitorSettings, Path("glasswatch.yaml"))
    assert process_time() - started < SECONDS
    assert [mistake.line for mistake in caught.value.mistakes] == [10 + 9 * number for number in range(2_000)]
