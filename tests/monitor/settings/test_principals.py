"""Credentials in the settings: any combination is either refused or safe to use."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from glasswatch.secrets import SecretReference
from monitor.settings.http import HttpProbeSettings
from monitor.settings.principals import secret_headers

_REFERENCE = st.sampled_from([{"env": name} for name in ("A", "B", "C", "D")])
_PLAIN = st.sampled_from(["hunter2", "1"])
_AUTH = st.one_of(
    st.fixed_dictionaries({"bearer": _REFERENCE}),
    st.fixed_dictionaries(
        {"basic": st.fixed_dictionaries({"user": st.sampled_from(["probe", "other"]), "password": _REFERENCE})}
    ),
    st.fixed_dictionaries(
        {
            "oauth2": st.fixed_dictionaries(
                {
                    "token_url": st.sampled_from(["https://id.example/t", "http://127.0.0.1/t", "http://id.example/t"]),
                    "client_id": st.sampled_from(["probe", "other"]),
                    "client_secret": _REFERENCE,
                },
                optional={"scope": st.just("a b"), "auth_style": st.sampled_from(["header", "body"])},
            )
        }
    ),
)
_HEADERS = st.dictionaries(
    st.sampled_from(["Authorization", "X-Key", "x-key", "X-Open", "Cookie"]), _REFERENCE | _PLAIN, max_size=3
)
_PAIR = st.fixed_dictionaries(
    {}, optional={"certificate": st.sampled_from(["/c.pem", "/d.pem"]), "key": _REFERENCE | st.just("/k.pem")}
)
_SECOND = st.fixed_dictionaries({}, optional={"auth": _AUTH, "headers": _HEADERS, "tls": _PAIR})
_PROXY = st.one_of(
    st.sampled_from(["http://proxy.example:3128", "http://proxy.example:3128/x", "https://proxy.example"]),
    st.fixed_dictionaries(
        {"url": st.just("http://proxy.example:3128")}, optional={"user": st.just("u"), "password": _REFERENCE}
    ),
)
_SETTINGS = st.fixed_dictionaries(
    {"function": st.just("api"), "url": st.sampled_from(["https://a.example/", "http://a.example/", "https://[::1]/"])},
    optional={
        "auth": _AUTH,
        "headers": _HEADERS,
        "tls": _PAIR,
        "second": _SECOND,
        "proxy": _PROXY,
        "ip": st.sampled_from(["any", "4", "6", "prefer_4", "prefer_6", "5"]),
        "follow_redirects": st.sampled_from(["0", "2"]),
    },
)


def _credentials(auth: Any, headers: Any, tls: Any) -> tuple[set[str], set[SecretReference]]:
    kinds = {name.lower() for name in secret_headers(headers)}
    references = set(secret_headers(headers).values())
    if auth is not None:
        kinds.add("authorization")
        references |= set(auth.secrets())
    if tls is not None:
        kinds.add("tls")
        references.add(tls.key)
    return kinds, references


def _read(written: dict[str, Any]) -> HttpProbeSettings | str:
    try:
        return HttpProbeSettings.model_validate(written)
    except ValidationError as error:
        return str(error)


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(_SETTINGS)
def test_any_combination_is_refused_or_safe(written: dict[str, Any]) -> None:
    """Nothing is echoed, no credential stands in plain text, and a second principal has all of its own."""
    made = _read(written)
    if isinstance(made, str):
        assert "hunter2" not in made
        return
    names = [name.lower() for name in made.headers]
    assert len(names) == len(set(names))
    assert "authorization" not in names or made.auth is None
    assert not isinstance(made.headers.get("Cookie", made.headers.get("Authorization")), str)
    assert (made.tls.certificate is None) == (made.tls.key is None)
    assert made.tls.identity is None or made.url.startswith("https:")
    has_credential = made.auth is not None or bool(secret_headers(made.headers))
    assert not has_credential or made.url.startswith("https:")
    assert made.proxy is None or (made.proxy.user is None) == (made.proxy.password is None)
    if made.second is not None:
        first = _credentials(made.auth, made.headers, made.tls.identity)
        second = _credentials(made.second.auth, made.second.headers, made.second.tls)
        assert first[0]
        assert first[0] <= second[0]
        assert not first[1] & second[1]
    assert len(made.fingerprint()) == 64


def test_what_decides_a_token_is_part_of_the_fingerprint() -> None:
    """After a change of who we come as, a probe must be good once before it may confirm bad."""
    base: dict[str, Any] = {"function": "api", "url": "https://a.example/"}
    auth = {"auth": {"bearer": {"env": "A"}}}
    variants = [
        base,
        base | auth,
        base | auth | {"second": {"auth": {"bearer": {"env": "B"}}}},
        base | {"proxy": "http://proxy.example:3128"},
        base | {"ip": "6"},
        base | {"tls": {"certificate": "/c.pem", "key": "/k.pem"}},
    ]
    assert len({HttpProbeSettings.model_validate(each).fingerprint() for each in variants}) == len(variants)
