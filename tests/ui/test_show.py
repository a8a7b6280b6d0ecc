"""``explorer.show`` from a person's own program: the real window on their module, which stays as it was."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from torch import nn
from torchvision import transforms

import explorer
from explorer import settings as preferences
from explorer import sources
from explorer.errors import ExplorerError, NetworkError, PersonError, SourceError
from explorer.recipe import DEFAULT_NETWORK, Recipe
from explorer.values import Source
from explorer.zoo.own import memory
from tests.ui.desk import until
from ui import showing
from ui.app import last_session


class Net(nn.Module):
    """A small classifier in training mode with a hook of the person's own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.drop(self.conv(x).relu().mean((2, 3))))


def watched(call: Callable[[], None]) -> list[Any]:
    """Let ``call`` open a window, close it once it shows a result or a problem, and return what it said."""
    said: list[Any] = []
    timer = QTimer()
    timer.setInterval(20)

    def look() -> None:
        if not showing._open:
            return
        store = showing._open[-1].application.store
        if store.result is not None or store.problems:
            said.extend((store.result, store.network, dict(store.problems)))
            timer.stop()
            showing._open[-1].application.window.close()

    timer.timeout.connect(look)
    timer.start()
    try:
        call()
    finally:
        timer.stop()
    return said


def state_of(module: nn.Module) -> tuple[Any, ...]:
    return (
        [(name, id(p), p.device, p.dtype, p._version, p.requires_grad) for name, p in module.named_parameters()],
        [(name, m.training, dict(m._forward_hooks), dict(m._forward_pre_hooks)) for name, m in module.named_modules()],
    )


def test_the_window_shows_the_module_and_leaves_it_as_it_was(qapp: QApplication) -> None:
    network = Net().train()
    network.drop.eval()
    before = state_of(network)
    transform = transforms.Compose([transforms.Resize((40, 30)), transforms.ToTensor()])
    result, info, problems = watched(lambda: explorer.show(network, transform, ["a", "b", "c"], "coffee"))
    assert problems == {}
    assert info.card.name == "memory:Net"
    assert [layer.id for layer in info.graph][:2] == ["input", "conv"]
    assert result.frame.source == "coffee.png"
    assert state_of(network) == before
    picture = Image.open(sources.sample("coffee.png").path()).convert("RGB")
    with torch.inference_mode():
        network.eval()
        logits = network(transform(picture).unsqueeze(0))
    expected = logits.softmax(1)[0]
    order = expected.argsort(descending=True).tolist()
    assert [p.label for p in result.predictions] == ["abc"[i] for i in order]
    np.testing.assert_allclose([p.probability for p in result.predictions], expected[order], rtol=1e-4)
    assert result.geometry.crop == (0, 0, *result.frame.pixels.shape[:2])
    assert result.geometry.input_hw == (40, 30)
    assert showing._open == []
    assert memory._shown == {}


def test_it_can_be_shown_again_without_transform_and_labels(qapp: QApplication) -> None:
    for _time in range(2):
        result, _info, problems = watched(lambda: explorer.show(Net()))
        assert problems == {}
        assert result.geometry.input_hw == (224, 224)
        qapp.processEvents()
        loop = QEventLoop()
        QTimer.singleShot(0, loop.quit)
        assert loop.exec() == 0, "a loop of the program's own still runs"


def test_what_goes_wrong_in_the_module_is_told_in_the_window(qapp: QApplication) -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no luck")

    result, _info, problems = watched(lambda: explorer.show(Broken()))
    assert result is None
    assert "no luck" in str(problems["network"].error)


def test_inside_a_running_loop_it_returns_at_once_and_ends_nothing(qapp: QApplication) -> None:
    went_on: list[bool] = []

    def inside() -> None:
        explorer.show(Net())
        went_on.append(showing._open[-1].application.window.isVisible())

    QTimer.singleShot(0, inside)
    closed: list[float] = []
    timer = QTimer()
    timer.setInterval(20)

    def look() -> None:
        if went_on and showing._open and showing._open[-1].application.store.result is not None:
            showing._open[-1].application.window.close()
        if went_on and not showing._open:
            closed.append(1)
        if len(closed) > 5:  # the loop went on without a window
            timer.stop()
            qapp.quit()

    timer.timeout.connect(look)
    timer.start()
    qapp.exec()
    assert went_on == [True]
    assert len(closed) > 5
    assert showing._open == []


def test_in_a_notebook_that_turns_the_loop_it_returns_at_once(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shell:
        active_eventloop = "qt6"

    class IPython:
        @staticmethod
        def get_ipython() -> Shell:
            return Shell()

    monkeypatch.setitem(sys.modules, "IPython", IPython)
    explorer.show(Net())
    (one,) = showing._open
    assert one.application.window.isVisible()
    until(lambda: one.application.store.result is not None)
    one.application.window.close()
    until(lambda: not showing._open)


def test_a_session_that_stopped_on_a_program_begins_with_the_usual_network() -> None:
    preferences.save_session(Recipe(network="memory:Net", source=Source("sample", "coffee.png")).to_json())
    recipe, _settings, problems = last_session()
    assert (recipe.network, recipe.source.where, problems) == (DEFAULT_NETWORK, "coffee.png", [])


# what cannot be shown


def test_mistakes_are_sentences_before_a_window_opens(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    for call, kind, sentence in (
        (lambda: explorer.show(lambda x: x), NetworkError, "function is no torch.nn.Module"),
        (lambda: explorer.show(Net(), transform=3), NetworkError, "cannot be called"),
        (lambda: explorer.show(Net(), labels="cat"), NetworkError, "no list of names"),
        (lambda: explorer.show(Net(), labels=[1, 2]), NetworkError, "no list of names"),
        (lambda: explorer.show(Net(), picture="no such.png"), SourceError, "There is no picture"),
        (lambda: explorer.show(Net(), picture=object()), SourceError, "is no picture"),
    ):
        with pytest.raises(kind, match=sentence):
            call()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(showing, "has_display", lambda: False)
    with pytest.raises(PersonError, match="no display"):
        explorer.show(Net())
    assert showing._open == []
    assert memory._shown == {}


def test_only_the_main_thread_may_open_it(qapp: QApplication) -> None:
    raised: list[ExplorerError] = []

    def call() -> None:
        try:
            explorer.show(Net())
        except ExplorerError as error:
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])


def test_the_pictures_that_a_program_has(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(tmp_path / "a.png")
    assert showing.source_of(None) == Source()
    assert showing.source_of(tmp_path / "a.png") == Source("picture", str(tmp_path / "a.png"))
    assert showing.source_of("https://example.org/a.png").kind == "address"
    for given in (rgb, Image.fromarray(rgb), torch.from_numpy(rgb)):
        source = showing.source_of(given)
        np.testing.assert_array_equal(sources.read(source).pixels, rgb)
    grey = sources.read(showing.source_of(rgb[..., 0])).pixels
    np.testing.assert_array_equal(grey, np.repeat(rgb[..., :1], 3, axis=2))
    values = np.random.default_rng(0).normal(size=(3, 6, 7)).astype(np.float32)
    for given in (values, values.astype(np.float64), torch.from_numpy(values), torch.from_numpy(values)[None]):
        found = sources.read(showing.source_of(given)).array
        assert found is not None
        np.testing.assert_allclose(found, values, rtol=1e-6)
    for wrong in (rgb.astype(np.int64), np.zeros((2, 2, 2, 2), np.uint8), np.zeros((0, 3, 3), np.uint8), {"a": 1}):
        with pytest.raises(SourceError, match="is no picture"):
            showing.source_of(wrong)


def test_importing_explorer_stays_quick_and_free_of_torch_and_qt() -> None:
    heavy = ("torch", "PySide6", "numpy", "cv2")
    code = f"import explorer, sys; assert callable(explorer.show); print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_folder_of_the_persons_that_hides_the_window_is_named(tmp_path: Path) -> None:
    (tmp_path / "ui.py").touch()
    (tmp_path / "mine.py").write_text("import explorer\nexplorer.show(None)\n")
    root = str(Path(explorer.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "mine.py")], capture_output=True, text=True, check=False, env=environment
    )
    assert "rename what is called “ui” beside your program" in done.stderr


def test_the_program_computes_afterwards_as_before(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert watched(lambda: explorer.show(Net()))
        assert torch.backends.cudnn.allow_tf32
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)
