"""The settings of a journey on the simulated platform, as a file has them."""

from typing import Any

import yaml

from monitor.settings.journey import JourneyProbeSettings

BEARER = '{Authorization: "Bearer ${session}"}'
STEPS = """\
- id: sign_in
  request: {method: POST, path: /signin, json: {name: probe, secret: "${password}"}}
  expect: {status: [201]}
  capture: {session: {json: session}}
- id: request
  request:
    method: POST
    path: /requests
    headers: &bearer {Authorization: "Bearer ${session}"}
    json: {entitlement: staging-db, reason: "glasswatch ${run}", seconds: 600}
  expect: {status: [201]}
  capture: {request: {json: id, keep: true}}
  undo:
    request: {method: POST, path: "/requests/${request}/withdraw", headers: *bearer}
    expect: {matches: {state: "^(withdrawn|revoked)$"}}
    gone: [404, 409, 410]
    ends_after: 15m
    find:
      request: {path: "/requests?reason=glasswatch%20${run}", headers: *bearer}
      capture: {request: {json: "requests[0].id"}}
      certain_after: 1s
- id: granted
  span: grant
  request: {path: "/requests/${request}", headers: *bearer}
  until: {json: {state: granted}, denied: {state: denied}, every: 100ms, within: 2s}
  capture: {grant: {json: grant, keep: true}}
- id: use
  request: {method: POST, path: "/grants/${grant}/use", headers: *bearer}
  expect: {matches: {use: "^use-"}}
- id: revoke
  request: {method: POST, path: "/grants/${grant}/revoke", headers: *bearer}
  expect: {json: {is_live: false}}
  closes: request
- id: use_refused
  request: {method: POST, path: "/grants/${grant}/use", headers: *bearer}
  expect: {status: [409]}
  refused: true
  span: revoke
"""
SECRET = "GLASSWATCH_TEST_PROBE_SECRET"


def steps_without_anchors() -> str:
    """Return the steps as our loader takes them."""
    return STEPS.replace("&bearer ", "").replace("*bearer", BEARER)


def journey_settings(url: str, *, steps: str = STEPS, **others: Any) -> JourneyProbeSettings:
    """Return the probe's settings; others in place of some."""
    data = {
        "function": "connect",
        "url": url,
        "secrets": {"password": {"env": SECRET}},
        "interval": "1m",
        "timeout": "15s",
        "clean_up": "10s",
        "steps": yaml.safe_load(steps),
        **others,
    }
    return JourneyProbeSettings.model_validate(data)
