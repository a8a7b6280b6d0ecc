"""The filters of the recipe, in the order in which they are applied, each on or off; and what a point becomes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from explorer.text import _
from ui import theme
from ui.filtering import Filtering
from ui.widgets.filter_rows import ChainList, Row
from ui.widgets.filter_words import details, title
from ui.widgets.panel import Panel


class FilterChain(Panel):
    """Shows the chain; the chosen filter is the one that the other panels look at."""

    def __init__(self, filtering: Filtering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filtering = filtering
        self.list = ChainList(self)
        self.empty = QLabel(self)
        self.empty.setObjectName("dim")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.clear, self.remove = QToolButton(self), QToolButton(self)
        for button, icon in ((self.remove, "delete"), (self.clear, "eraser")):
            button.setObjectName("small")
            theme.set_icon(button, icon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.header.addWidget(button)
        self.problem = QLabel(self)
        self.problem.setObjectName("warning")
        self.problem.setWordWrap(True)
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self.empty, 1)
        self.body.addWidget(self.problem)
        self.list.currentRowChanged.connect(filtering.choose)
        self.list.move_wanted.connect(filtering.move)
        self.list.remove_wanted.connect(filtering.remove)
        self.list.toggle_wanted.connect(filtering.toggle)
        self.remove.clicked.connect(filtering.remove)
        self.clear.clicked.connect(self._clear)
        filtering.chain_changed.connect(self._show)
        filtering.found_changed.connect(self._show_problem)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.list.setAccessibleName(_("Filters in the order in which they are applied"))
        self.list.setToolTip(_("Drag, or Alt with the arrows, for another order; Space switches one off or on"))
        self.empty.setText(_("No filter yet: click one in the bank, or type a kernel below."))
        for button, text in (
            (self.remove, _("Take the chosen filter out (Delete)")),
            (self.clear, _("Take all filters out")),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)
        self._show()
        self._show_problem()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self.list.viewport().update()

    @Slot()
    def _show(self) -> None:
        chain = self._filtering.chain
        self.set_title(_("Chain"), str(len(chain)) if chain else "")
        rows = [
            Row(str(place), title(one.kernel), details(one), one.kernel, "", one.enabled)
            for place, one in enumerate(chain)
        ]
        self.list.show_chain(rows, self._filtering.chosen)
        self.list.setVisible(bool(chain))
        self.empty.setVisible(not chain)
        for button in (self.remove, self.clear):
            button.setEnabled(bool(chain))

    @Slot()
    def _show_problem(self) -> None:
        error = self._filtering.error
        self.problem.setText("" if error is None else str(error))
        self.problem.setVisible(error is not None)

    @Slot()
    def _clear(self) -> None:
        self._filtering.change((), 0)
