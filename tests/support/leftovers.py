"""Finding what should be gone: processes that were started with a path in their command line."""

from pathlib import Path


def processes_naming(path: Path) -> list[str]:
    """Return the command lines of processes that run and name `path`; ended ones that wait to be reaped don't count."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:  # it ended while we looked
            continue
        if str(path) in command:
            found.append(f"{entry.name} {command}")
    return found
