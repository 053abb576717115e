"""Settings files for tests: a small good one, and how to put one where the loader takes it."""

from pathlib import Path

from glasswatch.settings.load import load
from monitor.settings.root import MonitorSettings

GOOD = """\
deployment: prod
platforms:
  payments:
    procedure: {url: https://wiki.example.com/break-glass, file: procedure.md}
    probes:
      portal:
        type: http
        function: sign_in
        url: https://portal.example.com/health
        interval: 15s
controls: none
flag:
  key: {file: flag.key}
"""


def write(directory: Path, text: str | bytes = GOOD, name: str = "glasswatch.yaml") -> Path:
    """Write a settings file that only its owner can write, whatever the umask, and return its path."""
    path = directory / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return path


def settings_of(directory: Path, text: str = GOOD) -> MonitorSettings:
    """Return the monitor's settings as they are read from this text in a file."""
    return load(write(directory, text), MonitorSettings)
