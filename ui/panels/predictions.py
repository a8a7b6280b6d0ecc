"""What the network says the picture is, how sure it is, and what to make of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from explorer import sources
from explorer.text import _
from explorer.values import FrameResult
from ui.controller import Controller
from ui.store import Store
from ui.widgets.bars import Bar, Bars
from ui.widgets.panel import Panel

UNSURE = 0.3
"""Below this probability of the first class the network is said to be not sure."""
IMAGENET, DIGITS = "imagenet1k", "digits"


class Predictions(Panel):
    """The most probable classes as bars, with where the weights come from and what speaks against the answer."""

    def __init__(self, store: Store, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._bars = Bars(self)
        self._note = QLabel(self)
        self._note.setObjectName("dim")
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setWordWrap(True)
        self._note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(self._bars)
        self.body.addWidget(self._note)
        self.body.addStretch(1)
        store.result_changed.connect(self._refresh)
        store.network_changed.connect(self._refresh)
        store.recipe_changed.connect(self._refresh)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text anew in the current language."""
        self.set_title(_("Predictions"))
        self._bars.setAccessibleName(_("Predictions"))
        self._bars.retranslate()
        self._refresh()

    def restyle(self) -> None:
        """Paint in the colours of the current theme."""
        self._bars.update()

    def _refresh(self) -> None:
        result = self._store.result
        self.set_frame(None if result is None else result.frame)
        if result is None:
            self._bars.set_bars(())
            self._bars.hide()
            self.set_badge("", "")
            self._note.setText(_("The network's answer appears here."))
            return
        predictions = result.predictions
        self._bars.set_bars([Bar(p.label, p.probability, "" if p.score is None else p.figure) for p in predictions])
        self._bars.setVisible(bool(predictions))
        self.set_badge(*self._origin(result))
        notes = self._notes(result)
        if self._note.text() != (text := "\n".join(notes)):
            self._note.setText(text)
        self._note.setVisible(bool(notes))

    def _origin(self, result: FrameResult) -> tuple[str, str]:
        if not result.trained:
            return _("untrained: random weights"), "warning"
        network = self._store.network
        if network is None or network.card.name != result.recipe.network:
            return "", ""
        names = [w.trained_on for w in network.card.weights if w.name == network.weights and w.trained_on]
        return (_("trained on {data}").format(data=_(names[0])), "") if names else ("", "")

    def _notes(self, result: FrameResult) -> list[str]:
        """Return what a person should know beside the figures, most important first."""
        predictions = result.predictions
        if not result.finite:
            return [_("The output is not finite: the input or the weights hold NaN, infinite or huge values.")]
        if not predictions:
            return [_("This network does not name classes: look at its maps instead.")]
        if not result.trained:
            return [_("With random weights the answer means nothing; the maps show the architecture alone.")]
        notes = []
        if result.recipe.source.kind == "drawing" and not result.frame.pixels.any():
            notes.append(_("Nothing is drawn yet: this is the answer to an empty picture."))
        labels = self._labels(result)
        suits = self._suits(result)
        if suits == DIGITS and labels == IMAGENET:
            notes.append(_("This picture is a digit, and ImageNet has no digits: choose LeNet-5 for it."))
        elif labels == DIGITS and suits != DIGITS:
            notes.append(_("This network knows only the digits 0 to 9: whatever it sees, it names one of them."))
        if predictions[0].score is not None:
            notes.append(
                _("These are the network's own numbers: its card says that nothing makes probabilities of them.")
            )
        if predictions[0].probability < UNSURE:
            notes.append(_("Not sure: no class reaches {share} %.").format(share=round(100 * UNSURE)))
        if labels == IMAGENET and suits != DIGITS:
            notes.append(_("ImageNet has no class for a person."))
        return notes

    def _labels(self, result: FrameResult) -> str:
        network = self._store.network
        return network.labels if network is not None and network.card.name == result.recipe.network else ""

    def _suits(self, result: FrameResult) -> str:
        source = result.recipe.source
        if source.kind == "drawing":
            return DIGITS
        return next((s.suits for s in sources.samples() if source.kind == "sample" and s.file == source.where), "")
