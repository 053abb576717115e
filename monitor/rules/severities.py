"""How urgent a page is, in the words of providers that have their own.

1. PagerDuty: what wakes somebody is `critical`; a ticket is `warning`, which a service with dynamic urgency takes
   quietly. Other services don't tell them apart: there a ticket needs a service, or a route, of its own.
2. Apprise: what wakes somebody is `failure`, a ticket `info`, what is over `success`. Apprise only colours by it.
"""

from typing import Final

from monitor.model.page import Page, PageStatus, Severity

_PAGERDUTY: Final = {Severity.PAGE: "critical", Severity.TICKET: "warning"}
_APPRISE: Final = {Severity.PAGE: "failure", Severity.TICKET: "info"}


def for_pagerduty(page: Page) -> str:
    """Return PagerDuty's severity."""
    return _PAGERDUTY[page.severity]


def for_apprise(page: Page) -> str:
    """Return Apprise's type of notification."""
    return "success" if page.status is PageStatus.RESOLVED else _APPRISE[page.severity]
