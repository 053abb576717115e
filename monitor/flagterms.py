"""What every flag of a platform says, by the settings in force."""

from monitor.model.policy import PlatformPolicy
from monitor.procedure import Procedure
from monitor.rules.flag_document import Terms
from monitor.settings.root import MonitorSettings


def flag_terms(settings: MonitorSettings, procedure: Procedure, policy: PlatformPolicy) -> Terms:
    """Return the terms by which a platform's flags are signed."""
    return Terms(
        deployment=settings.deployment,
        vantage=settings.vantage,
        procedure_url=procedure.url,
        procedure_sha256=procedure.sha256,
        ttl=settings.flag.ttl,
        ready_ttl=settings.flag.ready_ttl,
        configured_vantages=policy.configured_vantages,
    )
