"""The bar below every place: what each stage took, and the long action that goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

from explorer.engine.events import DownloadChanged
from explorer.text import _, ngettext
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.timing import AGE, NOTES, STAGES, Timing, place
from ui.widgets.elided import ElidedLabel
from ui.widgets.panel import Panel
from ui.widgets.stage_window import StageWindow

_NOTE_MS = 8000
_LEAST_MS = 0.05
"""What takes less would be told as 0.0."""


class StatusBar(QFrame):
    """Stage times at the left, progress with its cancel button and the device at the right.

    The times are of the newest result; of a live source medians over the last frames. A button opens them as a table.
    """

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self.timing = Timing(store, self)
        self.stages: StageWindow | None = None
        self._note = ""
        self._noted = QTimer(self)
        self._noted.setSingleShot(True)
        self._noted.setInterval(_NOTE_MS)
        self._noted.timeout.connect(self._forget_note)
        self._times, self._stage, self._device = (
            ElidedLabel(self, mode=Qt.TextElideMode.ElideRight) for _label in range(3)
        )
        for label in (self._times, self._stage, self._device):
            label.setObjectName("status")
        self._times.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.open_stages = QToolButton(self)
        self.open_stages.setObjectName("flat")
        self.open_stages.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_icon(self.open_stages, "clock")
        self.open_stages.clicked.connect(self.show_stages)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(120)
        self._cancel = QPushButton(self)
        self._cancel.setObjectName("flat")
        self._cancel.clicked.connect(controller.cancel)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(10)
        row.addWidget(self.open_stages)
        row.addWidget(self._times, 1)
        row.addWidget(self._stage)
        row.addWidget(self._bar)
        row.addWidget(self._cancel)
        row.addWidget(self._device)
        self.timing.changed.connect(self._show)
        store.network_changed.connect(self._show)
        store.catalogue_changed.connect(self._show)
        store.progress_changed.connect(self._show)
        store.problems_changed.connect(self._show)
        store.recipe_changed.connect(self._show)
        store.settings_changed.connect(self.number_panels)
        controller.downloaded.connect(self._say_downloaded)
        self.retranslate()

    def handlers(self) -> Mapping[str, Callable[[], None]]:
        """Return what the commands of this bar do, by name."""
        return {"stage_times": self.show_stages, "frame_numbers": self._switch_numbers}

    @Slot()
    def show_stages(self) -> None:
        """Open the table of stage times, or bring it to the front."""
        if self.stages is None:
            self.stages = StageWindow(self.window())
            self.stages.addActions(self.window().actions())  # the keys of the window work beside it, too
            self.stages.numbers_wanted.connect(self._want_numbers)
            self._show_table()
            self.number_panels()
        self.stages.show()

    def add(self, *widgets: QWidget) -> None:
        """Put ``widgets`` before the device."""
        for widget in widgets:
            self._row.insertWidget(self._row.count() - 1, widget)

    def say(self, text: str) -> None:
        """Show ``text`` in place of the times for some seconds."""
        self._note = text
        self._noted.start()
        self._show()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Times and progress"))
        self._cancel.setText(_("Cancel"))
        self.open_stages.setToolTip(_("Stage times"))
        self.open_stages.setAccessibleName(_("Stage times"))
        self._bar.setAccessibleName(_("Progress"))
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Number the panels of the window, which is known only now."""
        super().showEvent(event)
        self.number_panels()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language, and keep the bar's height whatever it shows."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.setFixedHeight(theme.px(28))

    @Slot(object)
    def _say_downloaded(self, event: DownloadChanged) -> None:
        cards = self._store.catalogue.cards if self._store.catalogue else ()
        title = next((card.title for card, _state in cards if card.name == event.network), event.network)
        self.say(_("The weights {weights} of {network} are here.").format(weights=event.weights, network=title))

    @Slot()
    def _forget_note(self) -> None:
        self._note = ""
        self._show()

    @Slot(bool)
    def _want_numbers(self, shown: bool) -> None:
        self._controller.prefer(frame_numbers=shown)

    @Slot()
    def _switch_numbers(self) -> None:
        self._want_numbers(not self._store.settings.frame_numbers)

    @Slot()
    def number_panels(self) -> None:
        """Show on every panel of the window the number of the frame that it shows, or no more."""
        shown = self._store.settings.frame_numbers
        Panel.number(self.window(), shown)
        if self.stages is not None:
            self.stages.set_numbers(shown)

    @Slot()
    def _show(self) -> None:
        store, progress = self._store, self._store.progress
        starting = store.result is None and progress is None and not store.problems
        self._times.setText(self._note or (_("Starting…") if starting else self._times_text()))
        self._device.setText(place(store))
        if self.stages is not None and self.stages.isVisible():
            self._show_table()
        for widget in (self._stage, self._bar):
            widget.setVisible(progress is not None)
        self._cancel.setVisible(progress is not None and self._controller.can_cancel)
        if progress is not None:
            self._stage.setText(store.stage)
            self._bar.setRange(0, 0 if progress.fraction is None else 1000)
            self._bar.setValue(round(1000 * (progress.fraction or 0)))

    def _times_text(self) -> str:
        live, timing = self._store.live, self.timing
        stages = {one.name: one.median if live else one.newest for one in timing.stages()}
        age = stages.pop(AGE, None)
        told = [f"{_(STAGES[name])} {ms:.1f}" for name, ms in stages.items() if ms >= _LEAST_MS]
        parts = [" · ".join(told) + " ms"] if told else []
        if live and age is not None:
            parts.append(_("{ms:.0f} ms from grab to paint").format(ms=age))
        shown, source = timing.shown_fps, timing.source_fps
        if live and shown is not None and source is not None:
            parts.append(_("{shown:.1f} of {source:.1f} frames a second").format(shown=shown, source=source))
            if self._store.dropped:
                parts.append(_("{count} skipped").format(count=self._store.dropped))
        return "    ".join(parts)

    def _show_table(self) -> None:
        assert self.stages is not None
        stages = self.timing.stages()
        rows = [
            (_(STAGES[s.name]), f"{s.median:.2f}", f"{s.p95:.2f}", _(NOTES[s.name]) if s.name in NOTES else "")
            for s in stages
        ]
        count = max((one.count for one in stages), default=0)
        over = ngettext("Over the last frame.", "Over the last {count} frames.", count).format(count=count)
        over, timing = over if count else _("Nothing was measured yet."), self.timing
        self.stages.show_times(rows, over, timing.facts(), timing.speed(), timing.text())
