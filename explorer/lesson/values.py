"""A deck of scenes as frozen values: what a lecturer says, what the place shows meanwhile, what the class is asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from explorer import text
from explorer.recipe import Recipe

KEPT = ("device", "thumbnails", "columns", "overtime", "beside", "finding", "nearest", "top")
"""What of a recipe the window and its panels set for themselves, unless the scene sets it."""


@dataclass(frozen=True)
class Words:
    """A text in every language of the application; ``str`` gives the current one.

    Attributes:
        en: English; it may hold **strong**, *emphasis* and `code` as Markdown has them.
        ko: Korean.
    """

    en: str
    ko: str

    def __str__(self) -> str:
        return self.ko if text.language() == "ko" else self.en


@dataclass(frozen=True)
class Show:
    """What a place shows.

    Attributes:
        place: a key of ``places.PAGES``.
        page: one of the place's pages; "" for the one that is open.
        preset: what is opened there by name (see ``places``); "" for nothing.
        at: the value of an arithmetic example [k, y, x], or the window's row and column in the filter's steps, that is
            opened; None for the one that is.
        recipe: what is looked at, through which network.
        set: names of the recipe's fields that the deck sets; every other one is as usual.
        line: where the deck says so, from 1.
    """

    place: str
    page: str = ""
    preset: str = ""
    at: tuple[int, ...] | None = None
    recipe: Recipe = field(default_factory=Recipe)
    set: frozenset[str] = frozenset()
    line: int = field(default=0, compare=False)

    def onto(self, now: Recipe) -> Recipe:
        """Return the recipe that the window takes over while it has ``now``: device and layout stay the window's."""
        kept = {name: getattr(now, name) for name in KEPT if name not in self.set}
        view = self.recipe.view if "view" in self.set else now.view
        return replace(self.recipe, view=replace(view, aspect=now.view.aspect), **kept)


@dataclass(frozen=True)
class Step:
    """What one press of Space reveals.

    Attributes:
        words: a number or an answer.
        show: what the place shows from here on; the same as before where the step changes nothing.
    """

    words: Words
    show: Show


@dataclass(frozen=True)
class Ask:
    """A scene's question.

    Attributes:
        kind: of ``questions.KINDS`` or ``questions.OF_NETWORK``, whose numbers are random; "" for one that is written.
        level: how much a random one asks, from 1 to ``Kind.levels``; 0 for everything.
        words: of a written one: the question.
        answer: of a written one: a number, a size, a word, or the number of the right option, from 1.
        options: of a written one: what there is to choose from; () where the answer is typed.
        working: of a written one: why that is the answer, line by line.
    """

    kind: str = ""
    level: int = 0
    words: Words = Words("", "")
    answer: str = ""
    options: tuple[Words, ...] = ()
    working: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Scene:
    """One scene.

    Attributes:
        id: small letters, digits and hyphens; the only one of that name in its deck.
        title: a few words.
        say: two or three sentences, one a ``Words``.
        show: what the place shows at first.
        steps: what Space reveals, one after another.
        ask: the question at its end; None for none.
    """

    id: str
    title: Words
    say: tuple[Words, ...]
    show: Show
    steps: tuple[Step, ...] = ()
    ask: Ask | None = None

    @property
    def place(self) -> str:
        """Where it begins."""
        return self.show.place

    def shown(self, revealed: int) -> Show:
        """Return what the place shows once so many steps are revealed."""
        return self.steps[min(revealed, len(self.steps)) - 1].show if revealed > 0 and self.steps else self.show


@dataclass(frozen=True)
class Deck:
    """Scenes in their order.

    Attributes:
        title: of the whole.
        credit: whom it is owed to, "" for nobody.
        scenes: at least one.
    """

    title: Words
    credit: str
    scenes: tuple[Scene, ...]

    def place_of(self, id: str) -> int | None:
        """Return the place, from 0, of the scene with this id; None where there is none."""
        return next((place for place, scene in enumerate(self.scenes) if scene.id == id), None)
