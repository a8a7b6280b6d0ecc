"""Decks as TOML files: the course's own, and those that lecturers write; every fault is told with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from explorer.errors import ExplorerError, PersonError, nearest
from explorer.lesson import questions
from explorer.lesson.figures import figure
from explorer.lesson.lines import Lines
from explorer.lesson.places import check, check_at
from explorer.lesson.question import LONGEST
from explorer.lesson.values import Ask, Deck, Scene, Show, Step, Words
from explorer.lesson.written import Folder, recipe
from explorer.recipe import Recipe
from explorer.text import N_

COURSE = "course.toml"
MOST_BYTES = 1 << 20
MOST_SCENES = 500
_LONG = re.compile(r"[0-9A-Fa-f][0-9A-Fa-f_]{999}")
"""A number that Python neither reads nor writes."""
_SHOW = ("place", "page", "preset", "at", "recipe")
_STEP = ("en", "ko", *_SHOW)
_SCENE = ("id", "title", "say", "numbers", "steps", "question", *_SHOW)
_QUESTION = ("kind", "level", "en", "ko", "answer", "options", "working")


def course() -> Deck:
    """Return the deck that comes with the application: the lecture's topics in their order."""
    return parse(course_text(), COURSE, Path())


def course_text() -> str:
    """Return the course's deck as it is written."""
    return (resources.files("resources") / "lesson" / COURSE).read_text(encoding="utf-8")


def read(path: Path) -> Deck:
    """Return the deck in a file; it may name pictures and networks beside it.

    A network that is none of the course's makes torchvision be imported.

    Raises:
        PersonError: it is no deck; the sentence names file, line and remedy.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise PersonError(N_("“{file}” is a folder: give the file of a deck."), file=path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PersonError(
            N_("The deck “{file}” cannot be read ({reason}): check it."), file=path, reason=reason
        ) from error
    if len(content) > MOST_BYTES:
        raise PersonError(
            N_("The deck “{file}” is larger than {most} MB: divide it."), file=path, most=MOST_BYTES >> 20
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        reason = PersonError(N_("this is no UTF-8: save the file as UTF-8."))
        raise fault(str(path), line, reason) from error
    return parse(text.replace("\r\n", "\n"), str(path), path.parent)


def parse(text: str, file: str, folder: Path) -> Deck:
    """Return the deck in a text.

    Args:
        text: TOML.
        file: its name, for the sentences.
        folder: where pictures and networks are that have no full path.

    Raises:
        PersonError: as ``read``.
    """
    if match := _LONG.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise fault(file, line, PersonError(N_("a number here has more than 1,000 digits: write a shorter one.")))
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = int(match[1]) if match and match[1] else text.count("\n") + 1
        reason = PersonError(
            N_("this is no TOML ({reason}): correct the line."), reason=str(error)[: match.start() if match else 200]
        )
        raise fault(file, line, reason) from error
    return _Reader(Lines(text), file, Folder(folder)).deck(raw)


def fault(file: str, line: int, reason: ExplorerError) -> PersonError:
    """Return the sentence for what is wrong in a line of a deck."""
    return PersonError(N_("{file}, line {line}: {reason}"), file=file, line=line, reason=reason)


class _Reader:
    """Reads a deck's tables; ``path`` is always where a table stands in the document."""

    def __init__(self, lines: Lines, file: str, folder: Folder) -> None:
        self._lines, self._file, self._folder = lines, file, folder
        self._numbers: dict[str, str] = {}

    def deck(self, raw: dict[str, Any]) -> Deck:
        self._known(raw, ("title", "credit", "scene"), ())
        scenes = raw.get("scene")
        if not scenes:
            raise self._fault((), N_("there is no scene: begin one with a line [[scene]]."))
        if not isinstance(scenes, list) or not all(isinstance(one, dict) for one in scenes):
            raise self._fault(("scene",), N_("a scene begins with a line [[scene]]: write it so."))
        if len(scenes) > MOST_SCENES:
            raise self._fault(
                ("scene", MOST_SCENES), N_("a deck has at most {most} scenes: divide it."), most=MOST_SCENES
            )
        found: list[Scene] = []
        for place, one in enumerate(scenes):
            path = ("scene", place)
            scene = self._scene(one, path)
            if scene.id in {other.id for other in found}:
                raise self._fault(
                    (*path, "id"), N_("another scene is called “{id}” already: choose another id."), id=scene.id
                )
            found.append(scene)
        title = self._words(raw["title"], ("title",)) if "title" in raw else Words(self._file, self._file)
        return Deck(title, self._text(raw, "credit", ()), tuple(found))

    def _scene(self, raw: dict[str, Any], path: tuple[str | int, ...]) -> Scene:
        self._known(raw, _SCENE, path, ("id", "title", "say", "place"))
        name = self._text(raw, "id", path)
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > 60:
            raise self._fault(
                (*path, "id"), N_("“{id}” is no id: write small letters, digits and hyphens."), id=name[:60]
            )
        self._numbers = {
            key: self._figure(wanted, (*path, "numbers", key))
            for key, wanted in self._table(raw.get("numbers", {}), (*path, "numbers")).items()
        }
        show = self._show(raw, path, None)
        steps: list[Step] = []
        for place, one in enumerate(self._list(raw.get("steps", []), (*path, "steps"))):
            here = (*path, "steps", place)
            table = self._table(one, here)
            self._known(table, _STEP, here)
            words = self._words({name: table[name] for name in ("en", "ko") if name in table}, here)
            steps.append(Step(words, self._show(table, here, steps[-1].show if steps else show)))
        say = self._texts(raw["say"], (*path, "say"))
        ask = self._ask(raw["question"], (*path, "question")) if "question" in raw else None
        return Scene(name, self._words(raw["title"], (*path, "title")), say, show, tuple(steps), ask)

    def _show(self, raw: dict[str, Any], path: tuple[str | int, ...], before: Show | None) -> Show:
        """Return what is shown; a step changes only what it names, but another place begins with its own first page."""
        given = [name for name in _SHOW if name in raw]
        if before is not None and not given:
            return before
        place = self._text(raw, "place", path) if "place" in raw or before is None else before.place
        stays = before if before is not None and before.place == place else None
        page = self._text(raw, "page", path) if "page" in raw else stays.page if stays else ""
        same = stays is not None and stays.page == page
        preset = self._text(raw, "preset", path) if "preset" in raw else stays.preset if stays and same else ""
        for name, named in (("place", (place, "", "")), ("page", (place, page, "")), ("preset", (place, page, preset))):
            try:
                check(*named)
                if name == "preset" and preset and page == "compare":
                    preset = self._folder.network(preset)
            except ExplorerError as error:
                raise self._fault((*path, name), error) from error
        at = self._at(raw["at"], (*path, "at"), place, page, preset) if "at" in raw else None
        wanted, names = before.recipe if before else Recipe(), before.set if before else frozenset()
        table = dict(self._table(raw.get("recipe", {}), (*path, "recipe")))
        if place == "filter" and preset and "filters" not in table and "preset" in raw:
            table["filters"] = [preset]
        for name in sorted(table, key=lambda one: one != "network"):  # a layer is one of its network
            try:
                wanted = recipe(wanted, {name: table[name]}, self._folder)
            except ExplorerError as error:
                raise self._fault((*path, "recipe", name), error) from error
        line = self._lines.of((*path, "recipe", "layer"))
        return Show(place, page, preset, at, wanted, names | frozenset(table), line)

    def _ask(self, raw: Any, path: tuple[str | int, ...]) -> Ask:
        table = self._table(raw, path)
        self._known(table, _QUESTION, path)
        if "kind" in table:
            kind, kinds = self._text(table, "kind", path), (*questions.KINDS, *questions.OF_NETWORK)
            if kind not in kinds:
                raise self._fault(
                    (*path, "kind"),
                    N_("there is no kind of question “{name}”; the kinds are: {kinds}."),
                    name=kind[:40],
                    kinds=", ".join(kinds),
                )
            return Ask(kind, self._level(table.get("level", 0), kind, (*path, "level")))
        self._known(table, _QUESTION, path, ("answer",))
        words = self._words({name: table[name] for name in ("en", "ko") if name in table}, path)
        options = self._texts(table.get("options", []), (*path, "options"))
        working = self._texts(table.get("working", []), (*path, "working"))
        answer = table["answer"]
        ask = Ask("", 0, words, self._filled(str(answer), (*path, "answer")), options, working)
        if isinstance(answer, bool) or not isinstance(answer, str | int | float) or not ask.answer.strip():
            raise self._fault((*path, "answer"), N_("the answer is a number or a text: write it so."))
        if len(ask.answer) > LONGEST:
            raise self._fault(
                (*path, "answer"), N_("the answer has more than {most} letters: shorten it."), most=LONGEST
            )
        if options and ask.answer not in map(str, range(1, len(options) + 1)):
            raise self._fault(
                (*path, "answer"),
                N_("the answer is the number of an option, from 1 to {count}: it cannot be “{answer}”."),
                count=len(options),
                answer=ask.answer[:40],
            )
        return ask

    def _level(self, raw: Any, kind: str, path: tuple[str | int, ...]) -> int:
        levels = (questions.KINDS | questions.OF_NETWORK)[kind].levels
        if type(raw) is not int or not 0 <= raw <= levels:
            raise self._fault(
                path,
                N_("the level cannot be {value}: it is a whole number from 1 to {most}, or left out for everything."),
                value=str(raw)[:40],
                most=levels,
            )
        return raw

    def _at(self, raw: Any, path: tuple[str | int, ...], place: str, page: str, preset: str) -> tuple[int, ...]:
        right = isinstance(raw, list) and len(raw) in (2, 3) and all(type(n) is int and 0 <= n < 10_000 for n in raw)
        if not right:
            raise self._fault(path, N_("“at” is two or three whole numbers, as in [0, 1, 2]: write it so."))
        try:
            check_at(tuple(raw), place, page, preset)
        except ExplorerError as error:
            raise self._fault(path, error) from error
        return tuple(raw)

    def _figure(self, wanted: Any, path: tuple[str | int, ...]) -> str:
        if not isinstance(wanted, str):
            raise self._fault(path, N_("“{name}” has to be a text in quotes."), name=path[-1])
        try:
            return figure(wanted)
        except ExplorerError as error:
            raise self._fault(path, error) from error

    def _texts(self, raw: Any, path: tuple[str | int, ...]) -> tuple[Words, ...]:
        return tuple(self._words(one, (*path, place)) for place, one in enumerate(self._list(raw, path)))

    def _words(self, raw: Any, path: tuple[str | int, ...]) -> Words:
        table = self._table(raw, path)
        self._known(table, ("en", "ko"), path)
        if not table:
            raise self._fault(path, N_('a text is missing: write it as en = "…" and ko = "…".'))
        en, ko = (self._filled(self._text(table, name, path), (*path, name)) for name in ("en", "ko"))
        return Words(en or ko, ko or en)

    def _filled(self, text: str, path: tuple[str | int, ...]) -> str:
        """Return the text with the scene's numbers in their places."""

        def number(match: re.Match[str]) -> str:
            if match[1] not in self._numbers:
                raise self._fault(
                    path,
                    N_("the scene has no number “{name}”: write it below [scene.numbers]; there are: {known}."),
                    name=match[1],
                    known=", ".join(self._numbers) or "–",
                )
            return self._numbers[match[1]]

        return re.sub(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", number, text.strip())

    def _text(self, raw: dict[str, Any], name: str, path: tuple[str | int, ...]) -> str:
        value = raw.get(name, "")
        if not isinstance(value, str):
            raise self._fault((*path, name), N_("“{name}” has to be a text in quotes."), name=name)
        return value

    def _table(self, raw: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise self._fault(path, N_("“{name}” has to be a table, as in the course's deck."), name=_name(path))
        return raw

    def _list(self, raw: Any, path: tuple[str | int, ...]) -> list[Any]:
        if not isinstance(raw, list):
            raise self._fault(path, N_("“{name}” has to be a list, as in the course's deck."), name=_name(path))
        return raw

    def _known(
        self, raw: dict[str, Any], known: Sequence[str], path: tuple[str | int, ...], needed: Sequence[str] = ()
    ) -> None:
        for name in raw:
            if name not in known:
                near = ", ".join(nearest(name, known) or known)
                sentence = N_("nobody knows “{name}” here; the nearest are: {nearest}.")
                raise self._fault((*path, name), sentence, name=name[:40], nearest=near)
        for name in needed:
            if name not in raw:
                raise self._fault(path, N_("“{name}” is missing here: add it."), name=name)

    def _fault(self, path: tuple[str | int, ...], reason: str | ExplorerError, **values: object) -> PersonError:
        told = reason if isinstance(reason, ExplorerError) else PersonError(reason, **values)
        return fault(self._file, self._lines.of(path), told)


def _name(path: tuple[str | int, ...]) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")
