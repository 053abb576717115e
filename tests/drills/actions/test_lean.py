"""What is read before a drill begins needs nothing of what its actions do."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, sys
from drills.registries import ACTIONS
from glasswatch.settings.registry import model_of
for entry in ACTIONS.values():
    model_of(entry.settings)
print(json.dumps(sorted(sys.modules)))
"""
HEAVY = {"aiodns", "asyncio", "click", "cryptography", "httptools", "httpx2", "monitor", "sqlalchemy", "starlette"}


def test_settings_of_actions_load_neither_client_nor_loop() -> None:
    """Each comes with the action that needs it."""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, check=True, timeout=100)
    assert HEAVY & set(json.loads(done.stdout)) == set()
