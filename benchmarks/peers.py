"""blackbox_exporter, Prometheus and Alertmanager, tuned as far as they go for a fast page."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from benchmarks.processes import program, ready, started
from benchmarks.stage import Stage

PROGRAMS = ("prometheus-blackbox-exporter", "prometheus", "prometheus-alertmanager")
# Fixed, because each must be told the others' ports; unusual, so that a running one is not in the way.
BLACKBOX, PROMETHEUS, ALERTMANAGER = 39115, 39090, 39093


def missing() -> list[str]:
    """Return the Debian packages to install before the peers can be measured."""
    return [name for name in PROGRAMS if program(name) is None]


def _write(folder: Path, stage: Stage) -> None:
    target = f"http://127.0.0.1:{stage.port}/"
    http = {"prober": "http", "timeout": "2s", "http": {"preferred_ip_protocol": "ip4"}}
    relabel = [
        {"source_labels": ["__address__"], "target_label": "__param_target"},
        {"target_label": "__address__", "replacement": f"127.0.0.1:{BLACKBOX}"},
    ]
    rule = {"alert": "Down", "expr": "probe_success == 0", "for": "10s"}
    files: dict[str, object] = {
        "blackbox.yml": {"modules": {"http": http}},
        "rules.yml": {"groups": [{"name": "peer", "rules": [rule]}]},
        "prometheus.yml": {
            "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{ALERTMANAGER}"]}]}]},
            "scrape_configs": [
                {
                    "job_name": "blackbox",
                    "metrics_path": "/probe",
                    "params": {"module": ["http"]},
                    "static_configs": [{"targets": [target]}],
                    "relabel_configs": relabel,
                }
            ],
        },
        "alertmanager.yml": {
            "route": {"receiver": "bench", "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"},
            "receivers": [{"name": "bench", "webhook_configs": [{"url": f"http://127.0.0.1:{stage.port}/peer"}]}],
        },
    }
    for name, content in files.items():
        # Every YAML reader reads JSON.
        (folder / name).write_text(json.dumps(content))


@asynccontextmanager
async def running(folder: Path, stage: Stage) -> AsyncIterator[None]:
    """Run the three peers on loopback until the block ends."""
    _write(folder, stage)
    blackbox, prometheus, alertmanager = (program(name) or name for name in PROGRAMS)
    async with AsyncExitStack() as stack:
        listen = f"--web.listen-address=127.0.0.1:{BLACKBOX}"
        argv = [blackbox, f"--config.file={folder}/blackbox.yml", listen]
        await stack.enter_async_context(started(argv, folder / "blackbox.log"))
        argv = [
            alertmanager,
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/alertmanager",
            f"--web.listen-address=127.0.0.1:{ALERTMANAGER}",
            "--cluster.listen-address=",
        ]
        await stack.enter_async_context(started(argv, folder / "alertmanager.log"))
        argv = [
            prometheus,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/prometheus",
            f"--web.listen-address=127.0.0.1:{PROMETHEUS}",
        ]
        await stack.enter_async_context(started(argv, folder / "prometheus.log"))
        for port in (BLACKBOX, ALERTMANAGER, PROMETHEUS):
            await ready(f"http://127.0.0.1:{port}/-/healthy")
        yield
