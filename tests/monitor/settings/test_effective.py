"""Settings as they hold, for showing: all of them, and no secret."""

import json
from pathlib import Path

from glasswatch.settings.load import load_text
from monitor.registries import PROBES
from monitor.settings.effective import effective
from monitor.settings.http import HttpProbeSettings
from monitor.settings.root import MonitorSettings
from tests.support.documents import ROOT
from tests.support.journey_settings import journey_settings


def test_defaults_are_shown_and_what_is_unset_is_not() -> None:
    """By the names and in the words of the file."""
    shown = effective(HttpProbeSettings.model_validate({"function": "sign_in", "url": "https://x.example/"}))
    assert (shown["interval"], shown["timeout"], shown["method"]) == ("15s", "5s", "GET")
    assert shown["confirm"] == {"attempts": 3, "every": "5s"}
    assert shown["expect"] == {"status": [200]}
    assert not {"auth", "headers", "body", "proxy"} & shown.keys()


def test_secrets_are_references_and_credentials_hidden() -> None:
    """A command's arguments may be one; so may a body, and what stands in plain text under a telling name."""
    shown = effective(
        HttpProbeSettings.model_validate(
            {
                "function": "sign_in",
                "url": "https://x.example/?api_key=hunter2&x=1",
                "headers": {
                    "Authorization": {"env": "TOKEN"},
                    "X-Key": {"command": ["/bin/x", "hunter2"]},
                    "X-Session-Id": "hunter2hunter2",
                    "Accept": "text/plain",
                },
                "method": "POST",
                "body": "password=hunter2",
                "expect": {"json": {"session_token": "hunter2hunter2", "status": "ok"}},
            }
        )
    )
    assert "hunter2" not in json.dumps(shown)
    assert shown["headers"]["Authorization"] == {"env": "TOKEN"}
    assert shown["headers"]["X-Key"] == {"command": ["/bin/x", "…"]}
    assert shown["headers"]["Accept"] == "text/plain"
    assert shown["expect"]["json"]["status"] == "ok"


def test_probes_of_every_type_can_be_shown() -> None:
    """As JSON; each type's own settings are among them."""
    path = ROOT / "examples" / "glasswatch.yaml"
    settings = load_text(path.read_text(), MonitorSettings, Path("/nowhere/glasswatch.yaml"))
    probes = [probe for platform in settings.platforms.values() for probe in platform.probes.values()]
    for probe in (*probes, journey_settings("https://x.example")):
        shown = json.loads(json.dumps(effective(probe)))
        assert shown["type"] in PROBES
        assert shown["function"] == probe.function
