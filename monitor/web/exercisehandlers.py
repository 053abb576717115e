"""What the endpoints of exercises answer. Whether one may begin is decided by the rules, not here.

1. Persons and machines begin and end exercises: a drill may run by itself. A token that is limited to other platforms
   does neither.
2. The same asked again is answered as it stands, and begins nothing: 201 is for a new one alone.
3. An exercise is found by its id, whichever platform it is of; one that is over can be ended again.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from monitor.exercises.port import Exercising
from monitor.model.act import Acted, Hand
from monitor.model.caller import Caller
from monitor.model.exercise import Listed, Sees, Wish
from monitor.rules.authority import may
from monitor.web import exerciseshaping
from monitor.web.asked import Asked, Handler
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.wire.endpoints import JSON
from monitor.wire.exercises import EndExerciseBody, ExerciseBody, ExerciseQuery, ExercisesAnswer

B = TypeVar("B", bound=BaseModel)

_NO_SUCH = "there is no exercise of this id; GET /api/v1/exercises lists them"
_UNKNOWN = "no platform of that name is watched here; /api/v1/status lists them"


class ExerciseHandlers:
    """Answers about exercises, and has them begun and ended."""

    def __init__(self, site: Site, sources: Sources) -> None:
        self._site = site
        self._reader = sources.reader
        self._exercises = sources.exercises

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {
            "exercises": self._list,
            "exercise": self._one,
            "exercise_begin": self._begin,
            "exercise_end": self._end,
        }

    async def _list(self, asked: Asked) -> Response:
        query = asked.query if isinstance(asked.query, ExerciseQuery) else ExerciseQuery()
        if query.platform is not None and query.platform not in self._site.platforms:
            raise Refused("unknown_platform", _UNKNOWN)
        wanted = (
            each
            for each in exerciseshaping.listed(self._reader.platforms())
            if query.platform in (None, each.platform) and query.run in (None, each.exercise.wish.run)
        )
        answer = ExercisesAnswer(exercises=tuple(exerciseshaping.exercise(each) for each in wanted))
        return Response(answer.model_dump_json(), media_type=JSON)

    async def _one(self, asked: Asked) -> Response:
        return _answer(self._named(asked))

    async def _begin(self, asked: Asked) -> Response:
        body, caller = _body(asked, ExerciseBody), _caller(asked)
        if body.platform not in self._site.platforms:
            raise Refused("unknown_platform", _UNKNOWN)
        is_new = self._find(body.id) is None
        _see(await self._of().begin(body.platform, _wish(body), Hand(caller.name, caller.token)))
        return _answer(self._found(body.id), 201 if is_new else 200)

    async def _end(self, asked: Asked) -> Response:
        body, caller, known = _body(asked, EndExerciseBody), _caller(asked), self._named(asked)
        denial = may(caller, "exercise", known.platform)
        if denial is not None:
            raise Refused(denial.code, denial.message)
        _see(await self._of().end(known, body.reason, Hand(caller.name, caller.token)))
        return _answer(self._found(known.exercise.id))

    def _named(self, asked: Asked) -> Listed:
        return self._found(str(asked.request.path_params["id"]))

    def _found(self, name: str) -> Listed:
        known = self._find(name)
        if known is None:
            raise Refused("no_such", _NO_SUCH)
        return known

    def _find(self, name: str) -> Listed | None:
        listed = exerciseshaping.listed(self._reader.platforms())
        return next((each for each in listed if each.exercise.id == name), None)

    def _of(self) -> Exercising:
        if self._exercises is None:
            raise Refused("not_possible", "this monitor takes no exercises")
        return self._exercises


def _wish(body: ExerciseBody) -> Wish:
    return Wish(
        id=body.id,
        run=body.run,
        principals=tuple(dict.fromkeys(body.principals)),
        targets=tuple(dict.fromkeys(body.targets)),
        span=timedelta(seconds=body.for_seconds),
        sees=Sees(body.probes_see),
        ticket=body.ticket,
        reason=body.reason,
    )


def _answer(found: Listed, status: int = 200) -> Response:
    return Response(exerciseshaping.exercise(found).model_dump_json(), status_code=status, media_type=JSON)


def _see(acted: Acted) -> None:
    if acted.ruling.is_refused:
        raise Refused(acted.ruling.answer.value, acted.ruling.line)


def _caller(asked: Asked) -> Caller:
    if asked.caller is None:
        raise TypeError("the table gives this endpoint a scope, so somebody asks")
    return asked.caller


def _body(asked: Asked, shape: type[B]) -> B:
    if not isinstance(asked.body, shape):
        raise TypeError(f"the table gives this endpoint another body than {shape.__name__}")
    return asked.body
