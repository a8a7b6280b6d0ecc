"""The bar below every place: what each stage took, and the long action that goes on."""

from __future__ import annotations

import time
from collections import deque

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QWidget

from explorer.engine.events import DownloadChanged
from explorer.text import N_, _, ngettext
from ui import theme
from ui.controller import Controller
from ui.store import Store
from ui.widgets.elided import ElidedLabel

STAGES = {
    "read": N_("read"),
    "filter": N_("filter"),
    "prepare": N_("prepare"),
    "forward": N_("forward"),
    "render": N_("render"),
}
_RECENT_FRAMES = 30
_NOTE_MS = 8000


class StatusBar(QFrame):
    """Stage times at the left, progress with its cancel button and the device at the right."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._controller = store, controller
        self._arrivals: deque[float] = deque(maxlen=_RECENT_FRAMES)
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
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(120)
        self._cancel = QPushButton(self)
        self._cancel.setObjectName("flat")
        self._cancel.clicked.connect(controller.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(10)
        row.addWidget(self._times, 1)
        row.addWidget(self._stage)
        row.addWidget(self._bar)
        row.addWidget(self._cancel)
        row.addWidget(self._device)
        store.result_changed.connect(self._count)
        store.result_changed.connect(self._show)
        store.network_changed.connect(self._show)
        store.catalogue_changed.connect(self._show)
        store.progress_changed.connect(self._show)
        store.recipe_changed.connect(self._show)
        store.live_changed.connect(self._restart)
        controller.downloaded.connect(self._say_downloaded)
        self.retranslate()

    def say(self, text: str) -> None:
        """Show ``text`` in place of the times for some seconds."""
        self._note = text
        self._noted.start()
        self._show()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Times and progress"))
        self._cancel.setText(_("Cancel"))
        self._bar.setAccessibleName(_("Progress"))
        self._show()

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

    @Slot()
    def _restart(self) -> None:
        self._arrivals.clear()
        self._show()

    @Slot()
    def _count(self) -> None:
        self._arrivals.append(time.perf_counter())

    @Slot()
    def _show(self) -> None:
        store, progress = self._store, self._store.progress
        starting = store.result is None and progress is None
        self._times.setText(self._note or (_("Starting…") if starting else self._times_text()))
        self._device.setText(self._device_text())
        for widget in (self._stage, self._bar):
            widget.setVisible(progress is not None)
        self._cancel.setVisible(progress is not None and self._controller.can_cancel)
        if progress is not None:
            self._stage.setText(store.stage)
            self._bar.setRange(0, 0 if progress.fraction is None else 1000)
            self._bar.setValue(round(1000 * (progress.fraction or 0)))

    def _times_text(self) -> str:
        result = self._store.result
        if result is None:
            return ""
        parts = [
            f"{_(title)} {result.times_ms[stage]:.1f} ms" for stage, title in STAGES.items() if stage in result.times_ms
        ]
        if self._store.live and len(self._arrivals) > 1:
            rate = (len(self._arrivals) - 1) / max(self._arrivals[-1] - self._arrivals[0], 1e-6)
            parts.append(_("{rate:.1f} frames a second").format(rate=rate))
            if self._store.dropped:
                parts.append(_("{count} skipped").format(count=self._store.dropped))
        return "    ".join(parts)

    def _device_text(self) -> str:
        network = self._store.network
        if network is None:
            return ""
        threads = ngettext("{count} thread", "{count} threads", network.threads).format(count=network.threads)
        titles = dict(self._store.catalogue.devices if self._store.catalogue else ())
        place = f"CPU · {threads}" if network.device == "cpu" else titles.get(network.device, network.device)
        return place if network.number_type == "float32" else f"{place} · {network.number_type}"
