"""moto's server: AWS on loopback, with IAM that really refuses. Trust policies and external ids it does not look at."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3

from glasswatch.clock import SystemClock
from tests.support.listeners import free_port

REGION = "eu-central-1"
_ANYBODY = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}


@dataclass(frozen=True, slots=True)
class Aws:
    """A running server: the key of a user who may assume `role`, which may list buckets, and nothing else."""

    url: str
    key_id: str
    secret: str
    role: str


@contextmanager
def aws() -> Iterator[Aws]:
    """Run a server."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(url, process)
        yield _peopled(url)
    finally:
        process.terminate()
        process.wait(30)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    clock, pause = SystemClock(), Event()
    ends_at = clock.monotonic() + 60
    while clock.monotonic() < ends_at and process.poll() is None:
        try:
            with urlopen(f"{url}/moto-api/data.json", timeout=20):
                return
        except URLError:
            pause.wait(0.05)
    raise AssertionError("moto's server does not start")


def _peopled(url: str) -> Aws:
    given = {"endpoint_url": url, "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    iam, s3 = (boto3.client(name, region_name=REGION, **given) for name in ("iam", "s3"))
    s3.create_bucket(Bucket="audit", CreateBucketConfiguration={"LocationConstraint": REGION})
    iam.create_user(UserName="breaker")
    iam.put_user_policy(UserName="breaker", PolicyName="p", PolicyDocument=_allows("sts:AssumeRole"))
    role = iam.create_role(RoleName="break-glass", AssumeRolePolicyDocument=json.dumps(_ANYBODY))["Role"]
    buckets = _allows("s3:ListAllMyBuckets", "s3:ListBucket")
    iam.put_role_policy(RoleName="break-glass", PolicyName="p", PolicyDocument=buckets)
    key = iam.create_access_key(UserName="breaker")["AccessKey"]
    iam.close()
    s3.close()
    # From now on everybody is who they show themselves to be, and may do what they may.
    now = Request(f"{url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST")
    with urlopen(now, timeout=20):
        return Aws(url, key["AccessKeyId"], key["SecretAccessKey"], role["Arn"])


def _allows(*actions: str) -> str:
    statement: list[dict[str, Any]] = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
