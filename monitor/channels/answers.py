"""What a provider's answer, or its silence, means for a page."""

import asyncio
from datetime import timedelta
from typing import Final

from glasswatch.clock import Clock
from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import SecretReference
from monitor.channels.post import Answer
from monitor.errors import DeliveryFailed
from monitor.probes.secrets import SecretSource
from monitor.rules import retry

SECRET_SECONDS: Final = 12.0  # a command that prints a secret has 10 s


def refused(shown: str, answer: Answer, clock: Clock, otherwise: timedelta | None = None) -> DeliveryFailed:
    """Return what an answer that isn't 2xx means. `otherwise`: how long a 429 asks to wait that doesn't say so."""
    wished = retry.wished(answer.headers.get("retry-after", ""), clock.now())
    return DeliveryFailed(
        f"{shown} answered {answer.status}",
        is_permanent=retry.is_permanent(answer.status),
        retry_after=wished if wished is not None or answer.status != retry.TOO_MANY else otherwise,
    )


async def secret(secrets: SecretSource, reference: SecretReference, shown: str) -> str:
    """Return a secret.

    Raises:
        DeliveryFailed: it can't be had now.
    """
    try:
        async with asyncio.timeout(SECRET_SECONDS):
            return (await secrets.get(reference)).reveal()
    except SecretUnavailable as fault:
        why = str(fault)
    except TimeoutError:
        why = f"secret from {reference}: it could not be read in time"
    raise DeliveryFailed(f"{shown} not asked: {why}")
