"""What the web face shows of the settings in force."""

from collections.abc import Callable, Mapping

from glasswatch import __version__
from glasswatch.flag import keys
from glasswatch.flag.strict import encode_base64url
from monitor.model.policy import PlatformPolicy
from monitor.procedure import Procedure
from monitor.settings.effective import effective
from monitor.settings.root import MonitorSettings
from monitor.settings.sla import terms
from monitor.web.site import Site, Watched


def site_of(
    settings: MonitorSettings,
    policies: Mapping[str, PlatformPolicy],
    procedures: Mapping[str, Procedure],
    key: keys.SigningKey,
    config: Callable[[], str],
) -> Site:
    """Return what is shown. Nothing of it is secret: of the key its public half. `config` returns where they stand."""
    watched = {name: Watched(policy, procedures[name].url, procedures[name].text) for name, policy in policies.items()}
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": encode_base64url(key.public),
        "kid": key.kid,
        "alg": "EdDSA",
        "use": "sig",
    }
    return Site(
        deployment=settings.deployment,
        vantage=settings.vantage,
        version=__version__,
        platforms=watched,
        keys=(jwk,),
        hosts=(settings.listen.address.host, *settings.listen.hosts),
        is_local=settings.listen.is_local,
        proxies=settings.listen.proxy,
        tokens=tuple(row.token() for row in settings.tokens),
        settings_of=lambda platform, probe: effective(settings.platforms[platform].probes[probe]),
        has_controls=bool(settings.controls),
        config=config,
        terms={name: terms(platform.sla) for name, platform in settings.platforms.items()},
    )
