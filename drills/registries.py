"""Every action a step can have: its settings and its maker, each imported when it is used.

A maker is `make(step, tools) -> Action`: `step` is the step's settings, `tools` are `drills.ports.Tools`.
Adding one costs a line here, its settings, its module, and a section in docs/reference/drill-actions.md.
"""

from collections.abc import Mapping
from typing import Final

from glasswatch.settings.registry import Entry

ACTIONS: Final[Mapping[str, Entry]] = {
    "http": Entry("drills.settings.actions.http:HttpStep", "drills.actions.http:make"),
    "command": Entry("drills.settings.actions.command:CommandStep", "drills.actions.command:make"),
    "ssh": Entry("drills.settings.actions.ssh:SshStep", "drills.actions.ssh:make"),
    "sql": Entry("drills.settings.actions.sql:SqlStep", "drills.actions.sql:make"),
    "aws": Entry("drills.settings.actions.aws:AwsStep", "drills.actions.aws:make"),
    "kubernetes": Entry("drills.settings.actions.kubernetes:KubernetesStep", "drills.actions.kubernetes:make"),
    "exercise": Entry("drills.settings.actions.exercise:ExerciseStep", "drills.actions.exercise:make"),
    "fault": Entry("drills.settings.actions.fault:FaultStep", "drills.actions.fault:make"),
    "expect_flag": Entry("drills.settings.actions.expect_flag:ExpectFlagStep", "drills.actions.expect_flag:make"),
    "expect_page": Entry("drills.settings.actions.expect_page:ExpectPageStep", "drills.actions.expect_page:make"),
    "expect_metric": Entry(
        "drills.settings.actions.expect_metric:ExpectMetricStep", "drills.actions.expect_metric:make"
    ),
    "manual": Entry("drills.settings.actions.manual:ManualStep", "drills.actions.manual:make"),
    "wait": Entry("drills.settings.actions.wait:WaitStep", "drills.actions.wait:make"),
    "expect_audit": Entry("drills.settings.actions.expect_audit:ExpectAuditStep", "drills.actions.expect_audit:make"),
    "rotate": Entry("drills.settings.actions.rotate:RotateStep", "drills.actions.rotate:make"),
    "request_access": Entry(
        "drills.settings.actions.request_access:RequestAccessStep", "drills.actions.request_access:make"
    ),
    "revoke_access": Entry(
        "drills.settings.actions.revoke_access:RevokeAccessStep", "drills.actions.revoke_access:make"
    ),
}
