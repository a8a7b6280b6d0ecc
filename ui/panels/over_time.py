"""What the frames of a moving picture tell together: answers, units, the strongest patches, and silent channels."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QTabWidget, QToolButton, QWidget

from explorer.engine.transport import Seek
from explorer.overtime.values import Anew, Followed, anew
from explorer.overtime.written import series_csv, whole_json
from explorer.recipe import Following, Recipe
from explorer.text import N_, _, ngettext
from explorer.values import SEEKABLE, FrameResult
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.over_time_pages import AnswersPage, LayersPage, PatchesPage
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where, content

PAINT_MS = 150
"""At most so often what is shown changes, while frames come faster."""
_COUNT_S = 0.5
"""The table of layers changes less often: it is read, not watched."""
_WHY: dict[Anew, str] = {
    "source": N_("since another source was chosen"),
    "filters": N_("since the filters were changed"),
    "touch": N_("since the picture was altered by hand"),
    "network": N_("since another network was chosen"),
    "weights": N_("since other weights were chosen"),
    "input": N_("since the input has another size"),
    "asked": N_("since you began anew"),
}


class OverTimePanel(Panel):
    """Asks the engine for what is followed from frame to frame while it is seen, or while that is to go on unseen."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._wish = store.recipe.overtime or Following()
        self._shown: FrameResult | None = None
        self._why: Anew = ""
        self._counted_s = 0.0
        self.goes_on, self.anew, self.export = QCheckBox(self), QPushButton(self), QToolButton(self)
        theme.set_icon(self.export, "export")
        for button in (self.goes_on, self.anew, self.export):
            self.header.insertWidget(self.header.count() - 1, button)
        self.facts, self.message = QLabel(self), QLabel(self)
        for label in (self.facts, self.message):
            label.setObjectName("dim")
            label.setWordWrap(True)
        self.answers, self.patches, self.layers = AnswersPage(self), PatchesPage(self), LayersPage(self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        for page in (self.answers, self.patches, self.layers):
            self.tabs.addTab(page, "")
        self.body.addWidget(self.facts)
        self.body.addWidget(self.message)
        self.body.addWidget(self.tabs, 1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(PAINT_MS)
        self._later.timeout.connect(self._show)
        self.goes_on.toggled.connect(self._ask)
        self.anew.clicked.connect(self._begin_anew)
        self.export.clicked.connect(self._save)
        self.tabs.currentChanged.connect(self._show_now)
        self.answers.smoothing_changed.connect(self._smooth)
        self.layers.every_changed.connect(self._follow_every)
        self.layers.share_changed.connect(self._show_now)
        self.layers.counts.layer_wanted.connect(self._go_to_layer)
        self.layers.counts.channel_wanted.connect(self._go_to_channel)
        self.patches.wanted.connect(self._go_to_frame)
        store.recipe_changed.connect(self._take_recipe)
        store.result_changed.connect(self._take_result)
        for signal in (store.live_changed, store.problems_changed, store.progress_changed):
            signal.connect(self._take_result)
        self.answers.show_smoothing(self._wish)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.goes_on.setText(_("Go on unseen"))
        self.goes_on.setToolTip(_("Goes on looking at every frame while this panel is hidden; that takes its time"))
        self.anew.setText(_("Begin anew"))
        self.anew.setToolTip(_("Forgets the frames so far"))
        self.export.setToolTip(_("Export the series (CSV), or everything (JSON)…"))
        self.export.setAccessibleName(self.export.toolTip())
        for place, title in enumerate((_("Predictions"), _("Patches"), _("Layers"))):
            self.tabs.setTabText(place, title)
        for page in (self.answers, self.patches, self.layers):
            page.retranslate()
        self._show_now()

    def restyle(self) -> None:
        """Take the colours of the current theme."""
        self._show_now()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what is followed, now that it can be seen."""
        super().showEvent(event)
        self._ask()
        self._show_now()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for it no more, unless it is to go on."""
        super().hideEvent(event)
        self._ask()

    def part_that_ages(self) -> QWidget:
        """Return the pages."""
        return self.tabs

    # what is asked for

    @Slot()
    def _ask(self) -> None:
        wanted = self._wish if self.isVisible() or self.goes_on.isChecked() else None
        self._controller.adjust(overtime=wanted)

    def _change(self, **changes: object) -> None:
        self._wish = Following(**{**self._wish.__dict__, **changes})
        self._ask()

    @Slot()
    def _take_recipe(self) -> None:
        """A step that was taken back may have been of a time when something else was followed."""
        wanted = self._wish if self.isVisible() or self.goes_on.isChecked() else None
        if self._store.recipe.overtime != wanted:
            QTimer.singleShot(0, self, self._ask)
        self._take_result()

    @Slot()
    def _smooth(self) -> None:
        kind, frames = self.answers.smoothing()
        self._change(smoothing=kind, frames=frames)

    @Slot(bool)
    def _follow_every(self, every: bool) -> None:
        self._change(every=every)

    @Slot()
    def _begin_anew(self) -> None:
        self._change(begun=self._wish.begun + 1)

    # what is shown

    @Slot()
    def _take_result(self) -> None:
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    @Slot()
    def _show_now(self) -> None:
        """Show also what changes less often."""
        self._counted_s = 0.0
        self._show()

    @Slot()
    def _show(self) -> None:
        if not self.isVisible():
            return
        result = self._store.result_of_network
        found = result.overtime if result else None
        self.export.setEnabled(found is not None)
        self.anew.setEnabled(found is not None)
        if result is not None and found is not None:
            self._note_beginning(result, found)
        self.set_title(_("Over time"))
        self.facts.setText("" if found is None else self._facts_of(found))
        self.facts.setVisible(found is not None)
        self.set_badge("" if result is None or result.trained else _("untrained: random weights"), "warning")
        words = self._message(result, found)
        self.message.setText(words)
        self.message.setVisible(bool(words))
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter if found is None else Qt.AlignmentFlag.AlignLeft)
        self.tabs.setVisible(found is not None)
        if found is None or result is None:
            return
        page = self.tabs.currentWidget()
        if page is self.answers:
            self.answers.show_found(found, result.recipe)
        elif page is self.patches:
            self.patches.show_found(found, self._seekable(result.recipe))
        elif time.monotonic() - self._counted_s >= _COUNT_S or not self._store.live:
            self._counted_s = time.monotonic()
            self.layers.show_found(found, result.view.layer.id)
        else:
            self._later.start()

    def _note_beginning(self, result: FrameResult, found: Followed) -> None:
        before, self._shown = self._shown, result
        if before is None or before is result or before.overtime is None:
            return
        why = anew(before.recipe, result.recipe)
        if why:
            self._why = why
        elif found.frames < before.overtime.frames:
            self._why = "network"  # the same one, opened again

    def _facts_of(self, found: Followed) -> str:
        parts = [ngettext("{count} frame", "{count} frames", found.frames).format(count=f"{found.frames:,}")]
        if self._why:
            parts.append(_(_WHY[self._why]))
        steps = np.diff(found.indices)
        if missed := int((steps[steps > 1] - 1).sum()):
            parts.append(
                ngettext("{count} left out between", "{count} left out between", missed).format(count=f"{missed:,}")
            )
        return " · ".join(parts)

    def _message(self, result: FrameResult | None, found: Followed | None) -> str:
        if result is None or found is None:
            return self._store.stage or _("What the frames tell together appears here.")
        if not result.recipe.source.live:
            return _(
                "This picture stands still: start the camera, a video or the demo to see what changes with each frame."
            )
        if self._controller.frozen:
            return _("The picture is held: no frame is added until it goes on.")
        if found.unanswered:
            words = ngettext(
                "In {count} frame the answer was not finite: it is left out.",
                "In {count} frames the answer was not finite: they are left out.",
                found.unanswered,
            )
            return words.format(count=found.unanswered)
        return ""

    def _seekable(self, recipe: Recipe) -> bool:
        return recipe.source.kind in SEEKABLE and recipe.source == self._store.recipe.source

    # what the person does

    @Slot(str)
    def _go_to_layer(self, layer: str) -> None:
        self._controller.change(layer=layer)

    @Slot(str, int)
    def _go_to_channel(self, layer: str, channel: int) -> None:
        if layer:
            self._controller.change(layer=layer, channel=channel)

    @Slot(float)
    def _go_to_frame(self, position_s: float) -> None:
        result = self._store.result_of_network
        if result is not None and self._seekable(result.recipe):
            self._controller.play(Seek(position_s))

    @Slot()
    def _save(self) -> None:
        result = self._store.result_of_network
        if result is None or result.overtime is None:
            return
        path = ask_where(self, self.export.toolTip(), f"{result.recipe.network}-over-time", "csv", "json")
        if path.lower().endswith(".json"):
            whole = whole_json(result.overtime, result.recipe, result.trained, self.layers.share)
            self._controller.save(path, content(whole.encode()))
        elif path:
            self._controller.save(path, content(series_csv(result.overtime).encode()))
