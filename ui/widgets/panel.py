"""The frame of every panel: one title, a detail beside it, a badge at the right, and the body below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from explorer.values import Frame
from ui import theme
from ui.widgets.elided import ElidedLabel
from ui.widgets.late import Late

_TITLE_LETTERS = 14
"""As many letters of a title always have room."""
_NUMBERED, _NUMBER = "numbered", "#0000000"
"""A window's property: whether its panels show the numbers of their frames; and the widest of them."""
_VEIL = 0.65
"""Opacity of what covers an old result."""


class Panel(QFrame):
    """A rounded panel with a header row and ``body``, a vertical layout for its content.

    Subclasses override ``retranslate`` (called by them once at the end of ``__init__`` and here whenever the language
    changes) and, where they cache colours, ``restyle`` (called whenever the theme changes).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 10, 10, 10)
        outer.setSpacing(8)
        self._title = ElidedLabel(self, letters=_TITLE_LETTERS)
        self._detail = ElidedLabel(self, whole=True)
        self._badge = ElidedLabel(self, mode=Qt.TextElideMode.ElideRight)
        self._title.setObjectName("title")
        self._detail.setObjectName("dim")
        self._badge.setObjectName("badge")
        self._badge.hide()
        self._number = ElidedLabel(self)
        self._number.setObjectName("dim")
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._number.hide()
        self._of_frame: Frame | None = None
        self._detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.header = QHBoxLayout()
        self.header.setSpacing(8)
        self.header.addWidget(self._title)
        self.header.addWidget(self._detail, 1)
        self.header.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignVCenter)
        self.header.addWidget(self._number)
        outer.addLayout(self.header)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        outer.addLayout(self.body, 1)
        self._veil: _Veil | None = None

    def set_title(self, title: str, detail: str = "") -> None:
        """Show ``title`` (also the panel's accessible name) and ``detail`` beside it."""
        self._title.setText(title)
        self._detail.setText(detail)
        if self.accessibleName() != title:
            self.setAccessibleName(title)

    def set_badge(self, text: str, tone: str = "") -> None:
        """Show a short fact at the right of the header; ``tone`` is "", "good" or "warning"; "" as text hides it.

        Where there is no room the detail goes first, then the badge is shortened, and only then the title.
        """
        if self._badge.property("tone") != tone:
            self._badge.setProperty("tone", tone)
            self._badge.style().unpolish(self._badge)
            self._badge.style().polish(self._badge)
        self._badge.setText(text)
        self._badge.setVisible(bool(text))

    def set_frame(self, frame: Frame | None) -> None:
        """Tell of which frame the panel now shows something; while frames flow, other panels may show another one."""
        self._of_frame = frame
        self._show_number()

    @staticmethod
    def number(window: QWidget, shown: bool) -> None:
        """Show on every panel of ``window``, also on those still to be made, the number of its frame, or no more."""
        window.setProperty(_NUMBERED, shown)
        for panel in window.findChildren(Panel):
            panel._show_number()

    def _show_number(self) -> None:
        shown = self._of_frame is not None and bool(self.window().property(_NUMBERED))
        if shown and self._of_frame is not None:
            self._number.setText(f"#{self._of_frame.index}")
        if shown == self._number.isHidden():
            self._number.setFixedWidth(self._number.fontMetrics().horizontalAdvance(_NUMBER))
            self._number.setVisible(shown)

    def set_old(self, old: bool) -> None:
        """Dim what the panel shows, or no more: it is of another source or network than the wished ones."""
        if old and self._veil is None:
            self._veil = _Veil(self.part_that_ages())
        elif not old and self._veil is not None:
            self._veil.hide()
            self._veil.deleteLater()
            self._veil = None

    @property
    def old(self) -> bool:
        """Whether what the panel shows is dimmed."""
        return self._veil is not None

    def part_that_ages(self) -> QWidget:
        """Return what is dimmed: all of the panel, but for those that override this."""
        return self

    def retranslate(self) -> None:
        """Set every text anew in the current language."""

    def restyle(self) -> None:
        """Take the colours of the current theme."""

    def minimumSizeHint(self) -> QSize:
        """Return what the content needs at this width: a splitter does not ask how high wrapped text becomes."""
        hint, layout = super().minimumSizeHint(), self.layout()
        if layout is not None and layout.hasHeightForWidth():
            holder = self.parentWidget()
            page = holder if isinstance(holder, Late) else self
            stack = page.parentWidget()  # a page that was not seen yet gets the width of the others
            behind = stack if isinstance(stack, QStackedWidget) and stack.currentWidget() is not page else self
            width = max(behind.width(), hint.width())
            hint.setHeight(max(hint.height(), layout.totalMinimumHeightForWidth(width)))
        return hint

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let wrapped text take more or fewer lines."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language or theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self.restyle()


class _Veil(QWidget):
    """Lets what lies below it show through a little; clicks go through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._cover()
        parent.installEventFilter(self)
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as what is covered."""
        if event.type() == QEvent.Type.Resize:
            self._cover()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the panel's colour over it."""
        colour = QColor(theme.current().panel)
        colour.setAlphaF(_VEIL)
        QPainter(self).fillRect(event.rect(), colour)

    def _cover(self) -> None:
        if isinstance(covered := self.parent(), QWidget):
            self.setGeometry(covered.rect().adjusted(1, 1, -1, -1))
