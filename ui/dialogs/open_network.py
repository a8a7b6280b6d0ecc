"""A person's own network is opened: its file is read, its code is consented to, and its card is filled in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from explorer.engine.events import Answered
from explorer.errors import ExplorerError
from explorer.questions import Everything, Inspect
from explorer.text import N_, _
from explorer.zoo import own
from explorer.zoo.own import consent, python_file
from ui import theme
from ui.controller import Controller
from ui.dialogs.formats import Formats
from ui.dialogs.network_form import NetworkForm
from ui.store import Store
from ui.widgets.elided import ElidedLabel

CODE = {
    "python": N_(
        "This file is a program. Opening it runs what its author wrote, and that may do whatever you may do on this "
        "machine; it can also use the other files of its folder. Run it only if you trust whoever wrote it."
    ),
    "exported": N_(
        "Opening this file lets PyTorch unpickle it, and that may run what its author wrote, which may do whatever you "
        "may do on this machine. Run it only if you trust whoever wrote it."
    ),
}
REMEMBERED = N_("This is asked once for the file as it is now, and again when it has changed.")
_WIDTH, _HEIGHT, _FORM_HEIGHT = 920, 320, 580


class OpenNetwork(QDialog):
    """Reads a file in the model thread, asks what it does not say, keeps the answers beside it and opens the network.

    Args:
        path: the file.
        edits: whether a card that was saved before is shown; else its network opens at once.

    Signals:
        another_wanted: the person wants to choose another file.
    """

    another_wanted = Signal()

    def __init__(
        self, store: Store, controller: Controller, path: str, edits: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._controller, self._edits = store, controller, edits
        self._path = Path(own.located(path))
        self._question = Inspect(str(self._path))
        self._found: own.Inspection | None = None
        self.setWindowTitle(_("Open a network"))

        name, folder = ElidedLabel(self), ElidedLabel(self)
        name.setObjectName("heading")
        folder.setObjectName("dim")
        name.setText(self._path.name)
        folder.setText(str(self._path.parent))
        self.message = QLabel(self)
        self.message.setObjectName("warning")
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.form = NetworkForm(self)
        self._show_architectures()
        self.remarks = QLabel(self)
        self.remarks.setWordWrap(True)
        self.remarks.setObjectName("dim")
        self.remarks.setTextFormat(Qt.TextFormat.PlainText)
        self.remarks.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.pages = QStackedWidget(self)
        self._waiting, self._asking, self._filling = QLabel(_("Reading the file …"), self), QWidget(self), QWidget(self)
        self._nothing = QWidget(self)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._arrange()

        self._buttons = QDialogButtonBox(self)
        self.what = self._button(_("What works?"), QDialogButtonBox.ButtonRole.ResetRole)
        self.another = self._button(_("Another file…"), QDialogButtonBox.ButtonRole.ResetRole)
        self.run = self._button(_("Run it"), QDialogButtonBox.ButtonRole.ActionRole)
        self.open_ = self._button(_("Open"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel = self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addWidget(name)
        head.addWidget(folder)
        column.addLayout(head)
        column.addWidget(self.message)
        column.addWidget(self.pages, 1)
        column.addWidget(self._buttons)

        self.what.clicked.connect(self._show_formats)
        self.another.clicked.connect(self._choose_another)
        self.run.clicked.connect(self._consent)
        self.open_.clicked.connect(self._save)
        self.cancel.clicked.connect(self.reject)
        self.form.edited.connect(self._clear)
        controller.answered.connect(self._take)
        store.problems_changed.connect(self._take_problem)
        store.catalogue_changed.connect(self._show_architectures)
        self._read()

    def _button(self, text: str, role: QDialogButtonBox.ButtonRole) -> QPushButton:
        return self._buttons.addButton(text, role)

    def _arrange(self) -> None:
        for page in (self._nothing, self._waiting, self._asking):
            self.pages.addWidget(page)
        asking = QVBoxLayout(self._asking)
        asking.setContentsMargins(0, 8, 0, 0)
        asking.setSpacing(14)
        self._code, self._facts = QLabel(self._asking), QFormLayout()
        self._code.setWordWrap(True)
        self._facts.setHorizontalSpacing(16)
        self._facts.setVerticalSpacing(6)
        asking.addWidget(self._code)
        asking.addLayout(self._facts)
        once = QLabel(_(REMEMBERED), self._asking)
        once.setObjectName("dim")
        once.setWordWrap(True)
        asking.addWidget(once)
        asking.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        filling = QVBoxLayout(self._filling)
        filling.setContentsMargins(0, 4, 8, 0)
        filling.setSpacing(14)
        filling.addWidget(self.form)
        filling.addWidget(self.remarks)
        filling.addStretch(1)
        scroll.setWidget(self._filling)
        self.pages.addWidget(scroll)

    # what is read

    def _read(self) -> None:
        self._show_page(self._waiting)
        self._controller.ask(self._question)

    @Slot(object)
    def _take(self, event: Answered) -> None:
        """Take what the file tells."""
        if event.question != self._question or not isinstance(event.answer, own.Inspection):
            return
        found = self._found = event.answer
        if found.problem is not None and not isinstance(found.problem, consent.ConsentNeededError):
            self._refuse(found.problem)
        elif found.runs_code and not consent.given(self._path, found.sha256):
            self._ask(found)
        elif found.own is None:
            self._refuse(found.problem)
        elif found.saved and not self._edits:
            self._open()
        else:
            self._fill(found)

    @Slot()
    def _take_problem(self) -> None:
        """Tell why the file could not even be asked."""
        problem = self._store.problems.get("question")
        if problem is not None and problem.question == self._question:
            self._refuse(problem.error)

    def _refuse(self, error: ExplorerError | None) -> None:
        self.message.setText(str(error) if error else "")
        self._show_page(None)

    def _ask(self, found: own.Inspection) -> None:
        """Ask whether the code of the file may run; what it is is shown to the letter."""
        told = CODE["python" if found.form == "python" else "exported"]
        self._code.setText(_(told))
        while self._facts.rowCount():
            self._facts.removeRow(0)
        for name, value in (
            (_("File"), self._path.name),
            (_("Folder"), str(self._path.parent)),
            (_("SHA-256"), found.sha256),
            (_("Changed since you allowed it"), consent.changed(self._path, found.sha256)),
        ):
            if not value:
                continue
            label, text = QLabel(name, self._asking), QLabel(_breakable(value), self._asking)
            label.setObjectName("dim")
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setWordWrap(True)
            text.setAccessibleName(value)
            self._facts.addRow(label, text)
        self._show_page(self._asking)
        self.cancel.setFocus()

    def _fill(self, found: own.Inspection) -> None:
        assert found.own is not None
        try:
            functions = python_file.functions(self._path) if found.form == "python" else ()
        except ExplorerError as error:
            self._refuse(error)
            return
        self.form.show_card(found.own, found.certainty, found.form == "tensors", functions, found.saved)
        lines = [f"• {remark}" for remark in found.remarks]
        self.remarks.setText("\n".join([_("What was noticed:"), *lines] if lines else []))
        self.remarks.setVisible(bool(lines))
        self._show_page(self._filling)
        self.open_.setFocus()
        if found.form == "tensors":  # they may belong to any network of torchvision
            self._controller.ask(Everything())

    @Slot()
    def _show_architectures(self) -> None:
        cards = self._store.catalogue.cards if self._store.catalogue else ()
        self.form.set_architectures([(card.name, card.title) for card, _state in cards if card.group != "own"])

    def _show_page(self, page: QWidget | None) -> None:
        """Show a page, and the buttons that belong to it; None for a message alone."""
        shown = page or self._nothing
        self.pages.setCurrentIndex((self._nothing, self._waiting, self._asking, self._filling).index(shown))
        if page is not None:
            self._clear()
        height, room = _FORM_HEIGHT if page is self._filling else _HEIGHT, self.screen().availableSize()
        self.resize(min(theme.px(_WIDTH), room.width()), min(theme.px(height), room.height()))
        self.run.setVisible(page is self._asking)
        self.open_.setVisible(page is self._filling)
        self.another.setVisible(page is None)
        for button in (self.what, self.another, self.run, self.open_, self.cancel):
            button.setAutoDefault(button in (self.open_, self.another))  # the code of a file never runs by Enter alone
        self.open_.setDefault(page is self._filling)
        self.another.setDefault(page is None)
        if page is self._waiting:
            self.cancel.setFocus()
        self.message.setVisible(bool(self.message.text()))

    @Slot()
    def _clear(self) -> None:
        self.message.clear()
        self.message.hide()

    # what the person decides

    @Slot()
    def _consent(self) -> None:
        """Remember the consent to the file as it was shown, and go on."""
        assert self._found is not None
        try:
            consent.give(self._path, self._found.sha256)
        except ExplorerError as error:
            self._say(error)
            return
        self._read()

    @Slot()
    def _save(self) -> None:
        """Keep the card beside the file and open the network."""
        try:
            own.save(str(self._path), self.form.card())
        except ExplorerError as error:
            self._say(error)
            return
        self._open()

    def _open(self) -> None:
        name = str(self._path)
        if self._store.recipe.network == name:
            self._controller.reload()
        else:
            self._controller.open_network(name)
        self.accept()

    def _say(self, error: ExplorerError) -> None:
        self.message.setText(str(error))
        self.message.show()

    @Slot()
    def _choose_another(self) -> None:
        self.reject()
        self.another_wanted.emit()

    @Slot()
    def _show_formats(self) -> None:
        formats = Formats(self)
        formats.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        formats.setModal(True)
        formats.show()


def _breakable(text: str) -> str:
    """Return a path or a hash that may be broken into lines anywhere after a separator, and within long words."""
    pieces = [text[start : start + 32] for start in range(0, len(text), 32)]
    return "\u200b".join(pieces).replace("/", "/\u200b").replace("\\", "\\\u200b")
