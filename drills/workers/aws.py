"""Makes one call to AWS, in a role's session where one is asked for, as `drills.actions.aws` asks for it.

Standard input: a JSON object of `region`, `endpoint_url`, `ca_file`, `credentials`, `role`, `run`, `service`,
`operation`, `parameters` and `seconds`, null where there is none. Standard output: one of

- `{"answer": {…}, "request": "ID"}`
- `{"refused": "AccessDenied", "at": "sts:AssumeRole", "part": "role"}`, by AWS itself
- `{"failed": "NoSuchBucket", "at": "s3:ListObjectsV2", "part": "call"}`, after it was let in
- `{"unknown": "why"}`, in words without secrets

A session's credentials never leave this process.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from drills.rules.call import REFUSALS

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
except ImportError:
    boto3 = None

Answer = dict[str, Any]

NO_BOTO3: Final = (
    "needs the extra aws, which isn't installed: `pipx inject glasswatch boto3`, or in a virtual environment, from a "
    "clone, `pip install '.[aws]'`"
)
# Whose fault these are can't be told, or they end by themselves.
_NO_ANSWER: Final = frozenset(
    {
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "InternalError",
        "InternalFailure",
    }
)
_SERVERS_FAULT: Final = 500
_LARGEST_STREAM: Final = 64 * 1024
_LARGEST_ANSWER: Final = 768 * 1024


class Unable(Exception):
    """It can't be told; why, in words without secrets."""


def main() -> None:
    """Answer one question."""
    print(reply(json.load(sys.stdin)))  # noqa: T201 - that is its answer


def reply(asked: Mapping[str, Any]) -> str:
    """Return the answer as JSON."""
    try:
        text = json.dumps(answered(asked), default=_plain)
    except Unable as fault:
        text = json.dumps({"unknown": str(fault)})
    return text if len(text) <= _LARGEST_ANSWER else json.dumps({"unknown": "the answer is larger than is read"})


def answered(asked: Mapping[str, Any]) -> Answer:
    """Return the answer.

    Raises:
        Unable: nobody can tell.
    """
    if boto3 is None:
        raise Unable(NO_BOTO3)
    call = (f"{asked['service']}:{asked['operation']}", "call")
    at = call if asked["role"] is None else ("sts:AssumeRole", "role")
    try:
        session = boto3.Session(region_name=asked["region"], **_shown(asked["credentials"]))
        if asked["role"] is not None:
            session = _assumed(session, asked)
            at = call
        return _called(_client(session, asked["service"], asked), asked)
    except ClientError as fault:
        return _said(fault, *at)
    except ResponseParserError:
        raise Unable(f"{at[0]} was answered with nonsense") from None
    except (BotoCoreError, ValueError) as fault:
        raise Unable(f"{at[0]} was not answered: {type(fault).__name__}") from None


def _shown(credentials: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return credentials as a session takes them; none of them means those that the environment has."""
    return {} if credentials is None else {f"aws_{name}": value for name, value in credentials.items()}


def _client(session: Any, service: str, asked: Mapping[str, Any]) -> Any:  # noqa: ANN401 - boto3 has no types
    config = Config(
        connect_timeout=asked["seconds"],
        read_timeout=asked["seconds"],
        retries={"total_max_attempts": 1},
        user_agent_extra=f"glasswatch-drill run/{asked['run']}",
        s3={"addressing_style": "path"} if asked["endpoint_url"] else None,
    )
    trust = {"verify": asked["ca_file"]} if asked["ca_file"] else {}
    return session.client(service, endpoint_url=asked["endpoint_url"], config=config, **trust)


def _assumed(session: Any, asked: Mapping[str, Any]) -> Any:  # noqa: ANN401 - boto3 has no types
    role = asked["role"]
    external = {} if role["external_id"] is None else {"ExternalId": role["external_id"]}
    found = _client(session, "sts", asked).assume_role(
        RoleArn=role["arn"], RoleSessionName=asked["run"], DurationSeconds=role["seconds"], **external
    )
    _request_of(found)
    credentials = found["Credentials"]
    return boto3.Session(
        region_name=asked["region"],
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def _called(client: Any, asked: Mapping[str, Any]) -> Answer:  # noqa: ANN401 - boto3 has no types
    methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
    method = methods.get(asked["operation"])
    if method is None:
        raise Unable(f"{asked['service']} has no operation {asked['operation']}")
    found = getattr(client, method)(**asked["parameters"])
    request = _request_of(found)
    return {"answer": {name: each for name, each in found.items() if name != "ResponseMetadata"}, "request": request}


def _request_of(found: Mapping[str, Any]) -> str:
    """Return the request's id, which whoever only poses as AWS hardly has."""
    request = found.get("ResponseMetadata", {}).get("RequestId")
    if not request:
        raise Unable("the answer has no request id: AWS did not give it")
    return str(request)


def _said(fault: Any, at: str, part: str) -> Answer:  # noqa: ANN401 - boto3 has no types
    code = str(fault.response.get("Error", {}).get("Code", "")).removeprefix("Client.")
    status = fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in REFUSALS:
        return {"refused": code, "at": at, "part": part}
    if code in _NO_ANSWER or not code.isidentifier() or status >= _SERVERS_FAULT:
        raise Unable(f"{at} was not carried out{f': {code}' if code.isidentifier() else ''} (status {status})")
    return {"failed": code, "at": at, "part": part}


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever an answer holds
    """Return as text what JSON does not have."""
    if hasattr(value, "read"):
        value = value.read(_LARGEST_STREAM)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()
