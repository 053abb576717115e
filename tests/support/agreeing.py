"""A web face in front of the real rules: acts change a platform's state, and what they agree to is put on record."""

from dataclasses import dataclass, field

from monitor.model.act import Act, Acted, Hand
from monitor.model.event import Event, PersonActed, Ticked
from monitor.model.fact import Fact, Step
from monitor.model.maintenance import WindowAgreed, WindowEnded
from monitor.rules.reduce import advance
from tests.support.face import World


@dataclass
class Agreeing(World):
    """A world whose platforms are judged as the keeper has them judged, at the time of its clock.

    `facts` is all that was found.
    """

    facts: list[Fact] = field(default_factory=list)

    async def act(self, platform: str, act: Act, hand: Hand) -> Acted:
        """Have the rules judge it, and keep what follows."""
        self.acts.append((platform, act, hand))
        ruling = self.hear(platform, PersonActed(act, hand)).ruling
        assert ruling is not None
        return Acted(ruling, is_recorded=True)

    def hear(self, platform: str, event: Event | None = None) -> Step:
        """Have something happen to a platform now; time alone, if nothing is said."""
        states = self.monitor.states
        index = next(number for number, state in enumerate(states) if state.platform == platform)
        policy = self.site.platforms[platform].policy
        step = advance(states[index], policy, event or Ticked(), self.clock.now())
        states[index] = step.state
        self.facts += step.facts
        for fact in step.facts:
            if isinstance(fact, WindowAgreed | WindowEnded):
                self.store.disk.windows[fact.window.id] = fact.window
        return step
