"""The bar below a video or a folder of pictures: play, step, go to a time, loop, speed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import Playing
from explorer.engine.transport import Loop, Play, Seek, Speed, Step
from explorer.text import _, ngettext
from ui import theme
from ui.actions import with_keys
from ui.widgets.elided import ElidedLabel

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
_PAGE_MS = 10_000
_LONGEST_MS = 2**31 - 1
"""That a slider can stand for: 24 days."""


class TransportBar(QWidget):
    """Shows where a video or folder is, and tells what the person wants of it.

    Signals:
        wanted: a ``Command``.
    """

    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playing: Playing | None = None
        self.slider = SeekSlider(self)
        self.back, self.play, self.on, self.loop = (
            self._button(icon) for icon in ("step-back", "play", "step-on", "loop")
        )
        self.loop.setCheckable(True)
        self.speed = QComboBox(self)
        self.speed.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._time, self._frame = ElidedLabel(self, letters=4), ElidedLabel(self, whole=True)
        for label in (self._time, self._frame):
            label.setObjectName("dim")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.slider, 1)
        above.addWidget(self._time)
        for button in (self.back, self.play, self.on):
            below.addWidget(button)
        below.addWidget(self._frame, 1)
        below.addWidget(self.loop)
        below.addWidget(self.speed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for row in (above, below):
            row.setSpacing(6)
            column.addLayout(row)
        self.slider.stepped.connect(self._step)
        self.slider.valueChanged.connect(self._seek)
        self.back.clicked.connect(self._step_back)
        self.on.clicked.connect(self._step_on)
        self.play.clicked.connect(self.toggle)
        self.loop.clicked.connect(self._loop)
        self.speed.activated.connect(self._choose_speed)
        self.retranslate()

    @property
    def playing(self) -> Playing | None:
        """What is shown, or None."""
        return self._playing

    def set_playing(self, playing: Playing | None) -> None:
        """Show where it is; a handle that is held stays in the hand."""
        self._playing = playing
        if playing is None:
            return
        end_ms = None if playing.duration_s is None else min(round(1000 * playing.duration_s), _LONGEST_MS)
        blocked = self.slider.blockSignals(True)
        if not self.slider.isSliderDown():
            self.slider.setRange(0, end_ms or 0)
            self.slider.setValue(round(1000 * playing.position_s))
        self.slider.blockSignals(blocked)
        self.slider.setEnabled(bool(end_ms))
        self.loop.setChecked(playing.loop)
        row = self.speed.findData(playing.speed)
        if row < 0:
            self.speed.addItem(f"{playing.speed:g}×", playing.speed)
            row = self.speed.count() - 1
        self.speed.setCurrentIndex(row)
        theme.set_icon(self.play, "pause" if playing.playing else "play")
        self._show_words()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.setAccessibleName(_("Playing"))
        for button, text in (
            (self.back, with_keys(_("One frame back"), "step_back")),
            (self.on, with_keys(_("One frame on"), "step_on")),
            (self.loop, with_keys(_("Begin anew at the end"), "loop")),
            (self.speed, with_keys(_("Speed"), "slower", "faster")),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)
        self.slider.setAccessibleName(_("Time"))
        self._show_words()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    @Slot()
    def toggle(self) -> None:
        """Ask to go on, or to stop."""
        if self._playing is not None:
            self.wanted.emit(Play(not self._playing.playing))

    def change_speed(self, places: int) -> None:
        """Ask for a faster (1) or a slower speed (−1)."""
        row = self.speed.currentIndex() + places
        if self._playing is not None and 0 <= row < self.speed.count():
            self.wanted.emit(Speed(self.speed.itemData(row)))

    def _show_words(self) -> None:
        playing = self._playing
        going = _("From the beginning") if playing and playing.ended else _("Go on")
        self.play.setToolTip(with_keys(_("Stop") if playing and playing.playing else going, "freeze"))
        self.play.setAccessibleName(self.play.toolTip())
        if playing is None:
            return
        position = self.slider.value() / 1000 if self.slider.isSliderDown() else playing.position_s
        end = "" if playing.duration_s is None else f" / {clock(playing.duration_s)}"
        self._time.setText(clock(position, tenths=(playing.duration_s or 60) < 60) + end)
        self._frame.setText(f"#{playing.index}")
        self._frame.setToolTip(self._told(playing))
        tip = _("Where it is: drag, or ← and → for a frame, PgUp and PgDn for 10 seconds, Home and End")
        if playing.duration_s is None:
            tip = _("Nobody knows how long this is, so there is no going to a time: step, or let it play.")
        self.slider.setToolTip(tip)

    def _told(self, playing: Playing) -> str:
        told = [_("Frame {number}, counted from 0").format(number=playing.index)]
        if playing.count is not None:
            counted = ngettext("{count} frame", "{count} frames", playing.count)
            told.append(counted.format(count=playing.count))
        if playing.fps:
            told.append(_("{rate:.3g} frames a second at speed 1").format(rate=playing.fps))
        if playing.skipped:
            skipped = ngettext(
                "{count} frame was passed over to keep the time",
                "{count} frames were passed over to keep the time",
                playing.skipped,
            )
            told.append(skipped.format(count=playing.skipped))
        if playing.unreadable:
            told.append(_("Not readable, and left out: {names}").format(names=", ".join(playing.unreadable[:10])))
        return "\n".join(told)

    def _button(self, icon: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("small")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.set_icon(button, icon)
        return button

    @Slot(int)
    def _step(self, frames: int) -> None:
        self.wanted.emit(Step(frames))

    @Slot()
    def _step_back(self) -> None:
        self.wanted.emit(Step(-1))

    @Slot()
    def _step_on(self) -> None:
        self.wanted.emit(Step(1))

    @Slot(int)
    def _seek(self, at_ms: int) -> None:
        self.wanted.emit(Seek(at_ms / 1000))
        self._show_words()

    @Slot(bool)
    def _loop(self, on: bool) -> None:
        self.wanted.emit(Loop(on))

    @Slot(int)
    def _choose_speed(self, row: int) -> None:
        self.wanted.emit(Speed(self.speed.itemData(row)))


class SeekSlider(QSlider):
    """A slider that goes to where it is pressed, in milliseconds; its arrows step by frames.

    Signals:
        stepped: by how many frames.
    """

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setPageStep(_PAGE_MS)

    def event(self, event: QEvent) -> bool:
        """Keep the keys that would turn over to another layer, while it has the focus."""
        pages = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in pages:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrows, by a frame; the rest is Qt's."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
        if (step := steps.get(Qt.Key(event.key()))) is not None and not event.modifiers():
            self.stepped.emit(step)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the handle to where it is pressed, and hold it."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
        handle = self.style().subControlRect(control, option, part, self)
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(event.position().toPoint()):
            room = self.width() - handle.width()
            left = round(event.position().x() - handle.width() / 2)
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), left, room))
        super().mousePressEvent(event)


def clock(seconds: float, tenths: bool = False) -> str:
    """Return a time as h:mm:ss, without hours where there are none, with ``tenths`` where they matter."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    text = f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
    return f"{text}.{int((seconds - whole) * 10)}" if tenths else text
