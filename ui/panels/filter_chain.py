"""The filters of the recipe, in the order in which they are applied, each on or off; and what a point becomes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QToolButton, QWidget

from explorer.errors import ExplorerError
from explorer.filters.written import from_json, to_json
from explorer.sources.picture import open_file
from explorer.text import _
from ui import theme
from ui.controller import Controller
from ui.filtering import Filtering
from ui.widgets.filter_rows import ChainList, Row
from ui.widgets.filter_words import details, title
from ui.widgets.panel import Panel
from ui.widgets.saving import ask_where, content

_ICONS = ("copy", "paste", "folder", "save", "delete", "eraser")
_KINDS = "JSON (*.json)"
_MOST_BYTES = 4 << 20


class FilterChain(Panel):
    """Shows the chain; the chosen filter is the one that the other panels look at."""

    def __init__(self, controller: Controller, filtering: Filtering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller, self._filtering = controller, filtering
        self.list = ChainList(self)
        self.empty = QLabel(self)
        self.empty.setObjectName("dim")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.copy, self.paste, self.open, self.save, self.remove, self.clear = (QToolButton(self) for _n in range(6))
        for button, icon in zip(self._buttons, _ICONS, strict=True):
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
        self.copy.clicked.connect(self._copy)
        self.paste.clicked.connect(self._paste)
        self.open.clicked.connect(self._open)
        self.save.clicked.connect(self._save)
        self.list.copied.connect(self._copy)
        self.list.pasted.connect(self._paste)
        filtering.chain_changed.connect(self._show)
        filtering.found_changed.connect(self._show_problem)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.list.setAccessibleName(_("Filters in the order in which they are applied"))
        self.list.setToolTip(_("Drag, or Alt with the arrows, for another order; Space switches one off or on"))
        self.empty.setText(_("No filter yet: click one in the bank, or type a kernel below."))
        for button, text in zip(
            self._buttons,
            (
                _("Copy the chain as text"),
                _("Paste a chain"),
                _("Open a chain…"),
                _("Save the chain…"),
                _("Take the chosen filter out (Delete)"),
                _("Take all filters out"),
            ),
            strict=True,
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
        for button in (self.copy, self.save, self.remove, self.clear):
            button.setEnabled(bool(chain))

    @Slot()
    def _show_problem(self) -> None:
        error = self._filtering.error
        self._say("" if error is None else str(error))

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    @property
    def _buttons(self) -> tuple[QToolButton, ...]:
        return self.copy, self.paste, self.open, self.save, self.remove, self.clear

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(to_json(self._filtering.chain))

    @Slot()
    def _paste(self) -> None:
        self.take(QGuiApplication.clipboard().text())

    def take(self, text: str) -> None:
        """Take the chain that a text tells in place of this one; say why it is none."""
        try:
            chain = from_json(text)
        except ExplorerError as error:
            self._say(str(error))
            return
        self._say("")
        self._filtering.change(chain, 0)

    @Slot()
    def _open(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, _("Open a chain"), "", _KINDS)
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path) -> None:
        """Take the chain of a file in place of this one; say why it is none."""
        try:
            with open_file(path) as file:
                text = file.read(_MOST_BYTES).decode()
        except ExplorerError as error:
            self._say(str(error))
        except ValueError:
            self._say(_("{file} is no text: choose a file that was saved here.").format(file=path.name))
        else:
            self.take(text)

    @Slot()
    def _save(self) -> None:
        path = ask_where(self, self.save.toolTip(), "filters", "json")
        if path:
            self._controller.save(path, content(to_json(self._filtering.chain).encode()))

    @Slot()
    def _clear(self) -> None:
        self._filtering.change((), 0)
