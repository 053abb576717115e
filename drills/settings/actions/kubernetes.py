"""The action `kubernetes`: an access review, or one document of the API server's."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final

from pydantic import Field

from drills.settings.actions.document import DocumentStep
from drills.settings.actions.parts import HiddenGiven, nothing_comes_of, secrets, texts
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.duration import Duration
from glasswatch.settings.fill import PathFillShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import RelativePath, TextShape

_WORD: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]{0,252})"
_NAME: Final = TextShape("a name as Kubernetes has it", _WORD)
_CONTEXT: Final = TextShape("the name of a context", r"[A-Za-z0-9][A-Za-z0-9.:_@/-]{0,252}")


class ReviewSettings(SettingsModel):
    """What the API server is asked whether we may."""

    expected: ClassVar[str] = "a mapping with verb and resource"

    verb: Annotated[str, TextShape("a verb such as get, or '*'", r"[a-z]{1,63}|\*")]
    """What would be done."""
    resource: Annotated[
        str, TextShape("a resource's name in the plural, such as pods, or '*'", r"[a-z0-9.-]{1,253}|\*")
    ]
    """To which kind of resource."""
    group: Annotated[str, TextShape("an API group such as apps", r"[a-z0-9.-]{0,253}|\*")] = ""
    """Its API group; the core's, if left out."""
    subresource: Annotated[str, _NAME] | None = None
    """Part of it, such as exec."""
    name: Annotated[str, _NAME] | None = None
    """Which one; any, if left out."""
    namespace: Annotated[str, _NAME] | None = None
    """In which namespace; in all, if left out."""


class KubernetesWithSettings(SettingsModel):
    """What is asked of which cluster, as whom."""

    expected: ClassVar[str] = "a mapping with server and token, or kubeconfig, and with review or get"

    server: Annotated[str, SafeAddressShape()] | None = None
    """Address of the API server."""
    ca_file: RelativePath | None = None
    """Authorities to trust in place of the system's, as PEM."""
    token: HiddenGiven | None = Field(default=None, repr=False)
    """Bearer token that is shown to it: a reference to a secret, or a captured value."""
    kubeconfig: RelativePath | None = None
    """In place of them: kubectl's own settings."""
    context: Annotated[str, _CONTEXT] | None = None
    """Context in them; the current one, if left out."""
    review: ReviewSettings | None = None
    """Access review (SelfSubjectAccessReview): nothing is done."""
    get: Annotated[str, PathFillShape()] | None = None
    """In place of a review: path of a document that is read, in which `${name}` stands for a value."""
    program: RelativePath | None = None
    """The program kubectl; looked up in PATH, if left out."""
    timeout: Duration = timedelta(seconds=20)
    """How long one try may take. After that it is killed."""

    @finding("server", "token", "kubeconfig", "context", "ca_file")
    def cluster_is_given_once(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """By our own settings, or by kubectl's."""
        if (self.kubeconfig is None) is (self.server is None or self.token is None):
            yield (), "expected either server and token, or kubeconfig"
        others = ("server", "token", "ca_file") if self.kubeconfig is not None else ("context",)
        for key in others:
            if given.get(key) is not None:
                yield (key,), "expected either server and token, or kubeconfig with a context"

    @finding("review", "get")
    def one_thing_is_asked(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A step asks one thing."""
        if (self.review is None) is (self.get is None):
            yield (), "expected exactly one of review and get"


class KubernetesStep(DocumentStep):
    """Asks a cluster's API server."""

    what: KubernetesWithSettings = Field(alias="with")
    """What is asked of which cluster, as whom."""

    @finding("refused", "capture", "expect", "what")
    def only_a_document_is_looked_into(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A refusal has none, and a review is allowed or not."""
        if self.refused or self.what.review is not None:
            yield from nothing_comes_of("of a review, or where access is refused", given)

    @property
    def line(self) -> str:
        """What it does."""
        what = self.what
        where = what.server or f"{what.kubeconfig}{f' ({what.context})' if what.context else ''}"
        if what.review is None:
            return f"read {what.get} of {where}{', which must be refused' if self.refused else ''}"
        review = what.review
        named = "/".join(each for each in (review.resource, review.subresource, review.name) if each)
        place = f" in {review.namespace}" if review.namespace else " everywhere"
        return f"ask {where} whether we {'may not' if self.refused else 'may'} {review.verb} {named}{place}"

    @property
    def door(self) -> str:
        """What it tries to get into."""
        return self.what.server or ""

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        kubeconfig = (f"to read {self.what.kubeconfig}",) if self.what.kubeconfig else ()
        return (*kubeconfig, *secrets([self.what.token]))

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return super().names() | texts([self.what.token, self.what.get])
