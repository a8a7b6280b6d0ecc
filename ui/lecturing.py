"""The lesson that a person gives or takes: its deck, the scene, how much of it is revealed, and its question."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from explorer.engine.events import Answered, Calculated, Problem
from explorer.errors import ExplorerError
from explorer.lesson import deck as decks
from explorer.lesson import progress, questions
from explorer.lesson.question import Question, Score
from explorer.lesson.values import Deck, Scene, Show
from explorer.questions import Quiz
from ui.asking import Asking
from ui.controller import Controller
from ui.store import Store

LANE = "deck"
_SEEDS = 1 << 30


class Lecturing(QObject):
    """Goes through a deck; what the places are to show is told, and others show it.

    What is revealed of a scene one after another: its steps, then its question, then the question's answer.

    Attributes:
        deck: the deck that is open, or None while it is read or where it cannot be.
        error: why it cannot be, or None.
        revealed: how many of the scene's steps, question and answer are told.
        question: what is asked, or None where nothing is, or nothing yet.
        problem: why the network answers no question, or None.
        told: whether the question's answer is told.
        verdict: whether the last given answer was right; None where none was given.

    Signals:
        deck_changed: another deck, or the sentence about one that cannot be opened.
        scene_changed: another scene.
        changed: anything else of the above, score and mode too.
        wanted: the ``Show`` that the places are to show now.
        answer_wanted: there is nothing more to reveal before the person answers.
    """

    deck_changed, scene_changed, changed, answer_wanted = Signal(), Signal(), Signal(), Signal()
    wanted = Signal(object)

    def __init__(
        self,
        store: Store,
        controller: Controller,
        parent: QObject | None = None,
        seed: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._seed = seed or partial(random.randrange, _SEEDS)
        self._progress = progress.read(store.settings.lesson)
        self._work: Callable[[], object] | None = None
        self._file = self._progress.bookmarks[0].deck if self._progress.bookmarks else ""
        self._at = 0
        self.deck: Deck | None = None
        self.error: ExplorerError | None = None
        self.revealed = 0
        self._asking = Asking(store, controller, self)
        self._asking.answered.connect(self._take_question)
        self._asking.failed.connect(self._take_problem)
        self._asking.ended.connect(self._ask_when_ready)
        self.question: Question | None = None
        self.problem: Problem | None = None
        self.verdict: bool | None = None
        self.told = self._waits = self._counted = False
        controller.calculated.connect(self._take_deck)
        store.result_changed.connect(self._ask_when_ready)

    # what there is

    @property
    def file(self) -> str:
        """The deck's file; "" for the course's own."""
        return self._file

    @property
    def reading(self) -> bool:
        """Whether a deck is being read."""
        return self._work is not None

    @property
    def scene(self) -> Scene | None:
        """The scene that is open."""
        return None if self.deck is None else self.deck.scenes[self._at]

    @property
    def at(self) -> int:
        """Its place in the deck, from 0."""
        return self._at

    @property
    def last(self) -> int:
        """How much there is to reveal of the scene."""
        scene = self.scene
        return 0 if scene is None else len(scene.steps) + (2 if scene.ask else 0)

    @property
    def asks(self) -> bool:
        """Whether the scene's question is asked by now."""
        scene = self.scene
        return scene is not None and scene.ask is not None and self.revealed > len(scene.steps)

    @property
    def can_reveal(self) -> bool:
        """Whether there is more to reveal; a student's answer is not."""
        return self.revealed < self.last and (self.presents or not self.asks)

    @property
    def open(self) -> bool:
        """Whether the lesson shows."""
        return self._progress.open

    @property
    def presents(self) -> bool:
        """Whether a lecturer gives the lesson: nothing is typed and nothing is scored."""
        return self._progress.presents

    @property
    def score(self) -> Score:
        """Of the questions in this deck that were answered so far."""
        return self._progress.of(self._file).score

    @property
    def done(self) -> tuple[str, ...]:
        """Ids of the scenes that were gone through."""
        return self._progress.of(self._file).done

    @property
    def recent(self) -> tuple[str, ...]:
        """Files of the decks that were open, the newest first."""
        return tuple(one.deck for one in self._progress.bookmarks if one.deck)

    @property
    def can_change(self) -> bool:
        """Whether there are other questions like this one."""
        return self.scene is not None and self.scene.ask is not None and bool(self.scene.ask.kind)

    # what the person does

    def show(self, shown: bool) -> None:
        """Open the lesson where the person was, or close it."""
        self._keep(replace(self._progress, open=shown))
        if shown and self.deck is None and not self.reading:
            self.open_deck(self._file)
        elif shown:
            self.show_again()

    def open_deck(self, file: str) -> None:
        """Read a deck, "" for the course's own, and open it where the person was."""
        work: Callable[[], object] = partial(decks.read, Path(file)) if file else decks.course
        self._keep(self._progress.opened(file))
        self._file, self._work = file, work
        self.deck_changed.emit()
        self._controller.calculate(LANE, work)

    def go(self, at: int, revealed: int = 0) -> None:
        """Open a scene by its place in the deck, with so many of its steps revealed."""
        if self.deck is None or not 0 <= at < len(self.deck.scenes):
            return
        scene = self.deck.scenes[at]
        self._at, self.revealed = at, min(revealed, len(scene.steps))
        self._forget_question()
        self._mark(scene=scene.id, revealed=self.revealed)
        self.scene_changed.emit()
        self.show_again()

    def next(self) -> None:
        """Open the next scene."""
        self.go(self._at + 1)

    def previous(self) -> None:
        """Open the scene before."""
        self.go(self._at - 1)

    def reveal(self) -> None:
        """Tell the next step, the question, or its answer."""
        if self.scene is None or self.revealed >= self.last:
            return
        if self.asks:
            if not self.presents:
                self.answer_wanted.emit()
            else:
                self.tell()
            return
        self._reveal(self.revealed + 1)
        if self.revealed == self.last:  # there is no question
            self._finish()
        elif self.revealed > len(self.scene.steps) and self.question is None:
            self.ask()

    def conceal(self) -> None:
        """Take back what was revealed last."""
        if self.revealed:
            self.told = self.told and self.revealed < self.last
            self._reveal(self.revealed - 1)

    def show_again(self) -> None:
        """Let the places show what the scene wants."""
        if self.scene is not None and self.open:
            self.wanted.emit(self._shown)

    def present(self, presents: bool) -> None:
        """Give the lesson, or take it."""
        self._keep(replace(self._progress, presents=presents))
        self.changed.emit()

    # the question

    def ask(self) -> None:
        """Ask the scene's question, with other numbers than before where they are random."""
        self._forget_question()
        if self.asks:
            self.revealed = self.last - 1
        asked = self.scene.ask if self.scene is not None else None
        if asked is None:
            return
        if asked.kind in questions.OF_NETWORK:
            self._waits = True
            self._ask_when_ready()
        else:
            self.question = questions.ask(asked, self._seed())
        self.changed.emit()

    def check(self, given: str) -> None:
        """Take an answer: the first one counts.

        Raises:
            PersonError: it is no answer of this question's form; nothing is lost.
        """
        if self.question is None or self.told:
            return
        self.verdict = self.question.check(given)
        self._count(self.verdict)
        if self.verdict:
            self.tell()
        else:
            self.changed.emit()

    def tell(self) -> None:
        """Tell the answer and how one comes to it."""
        if self.question is None or self.told:
            return
        if not self.presents:
            self._count(False)  # given up, unless it was answered before
        self.told = True
        self._finish()
        self._reveal(self.last)

    def begin_score(self) -> None:
        """Count from nothing again."""
        self._mark(score=Score())
        self.changed.emit()

    # inner

    @property
    def _shown(self) -> Show:
        assert self.scene is not None
        return self.scene.shown(self.revealed)

    def _reveal(self, revealed: int) -> None:
        before, self.revealed = self._shown, revealed
        self._mark(revealed=revealed)
        self.changed.emit()
        if self._shown != before:
            self.show_again()

    def _finish(self) -> None:
        if self.scene is not None and self.scene.id not in self.done:
            self._mark(done=(*self.done, self.scene.id))

    def _count(self, right: bool) -> None:
        if self._counted or self.presents:
            return
        self._counted = True
        self._mark(score=self.score.after(right))

    def _mark(self, **changes: Any) -> None:
        """Change the bookmark of this deck."""
        self._keep(self._progress.with_(replace(self._progress.of(self._file), **changes)))

    def _keep(self, kept: progress.Progress) -> None:
        self._progress = kept
        self._controller.prefer(lesson=kept.written())

    def _forget_question(self) -> None:
        self._asking.drop()
        self.question = self.problem = self.verdict = None
        self.told = self._waits = self._counted = False

    @Slot(object)
    def _take_deck(self, event: Calculated) -> None:
        if event.lane != LANE or event.work is not self._work:
            return
        self._work = None
        self.error = event.error
        self.deck = event.value if isinstance(event.value, Deck) else None
        self.deck_changed.emit()
        if self.deck is not None:
            mark = self._progress.of(self._file)
            at = self.deck.place_of(mark.scene)
            self.go(at or 0, mark.revealed if at is not None else 0)

    @Slot()
    def _ask_when_ready(self) -> None:
        """Ask the network its question as soon as it shows what the scene wants."""
        store, asked = self._store, self.scene.ask if self.scene is not None else None
        if not self._waits or asked is None or store.frame is None or store.network is None:
            return
        if self._asking.question is None and store.result is not None and store.result.recipe == store.recipe:
            self._asking.ask(Quiz(asked.kind, self._seed(), store.frame, store.recipe))

    @Slot(object)
    def _take_question(self, event: Answered) -> None:
        if self._waits and isinstance(event.answer, Question):
            self._waits, self.question = False, event.answer
            self.changed.emit()

    @Slot(object)
    def _take_problem(self, problem: Problem) -> None:
        self._waits, self.problem = False, problem
        self.changed.emit()
