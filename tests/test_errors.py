"""The words that a person may have meant, and what may not end a program."""

from __future__ import annotations

import threading

import pytest

from explorer.errors import NetworkError, contained, nearest
from explorer.graph.values import Graph, Layer

IDS = ("input", "conv1", "layer1.0.conv1", "layer1.0.conv1b", "layer1.0.relu:2", "layer4.1.bn2", "fc")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("layer1.conv1", ["layer1.0.conv1", "layer1.0.conv1b"]),
        ("0.conv1", ["layer1.0.conv1", "layer1.0.conv1b", "conv1"]),
        ("BN2", ["layer4.1.bn2"]),
        ("CONV1", ["conv1", "layer1.0.conv1", "layer1.0.conv1b"]),
        ("relu", ["layer1.0.relu:2"]),
        ("layer4.1.bn3", ["layer4.1.bn2"]),
        ("c", ["fc"]),
        ("", []),
        ("xyzzy", []),
    ],
)
def test_ends_then_parts_then_like_letters(word: str, found: list[str]) -> None:
    assert nearest(word, IDS)[: len(found) or None] == found


def test_no_more_than_are_wanted_and_each_once() -> None:
    assert nearest("aa", ["aa1", "aa2", "aa3", "AA1"], 2) == ["aa1", "aa2"]


@pytest.mark.parametrize(("word", "said"), [("inputs", "for example: input, conv1"), ("xyzzy", "for example: conv1")])
def test_the_input_alone_is_no_help(word: str, said: str) -> None:
    graph = Graph(tuple(Layer(name, name, "op", (), (1,), "C") for name in IDS))
    with pytest.raises(NetworkError, match=said) as caught:
        graph[word]
    assert "fc" in str(caught.value)


@pytest.mark.parametrize("ends", [SystemExit(3), KeyboardInterrupt()])
def test_what_would_end_a_thread_is_an_ordinary_error_there(ends: BaseException) -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            with contained():
                raise ends
        except Exception as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [type(ends).__name__ in str(error) for error in caught] == [True]


def test_ctrl_c_in_the_main_thread_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt), contained():
        raise KeyboardInterrupt
    with pytest.raises(RuntimeError, match="SystemExit: 3"), contained():
        raise SystemExit(3)
