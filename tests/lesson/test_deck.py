"""Decks as files: what is read, in which line a fault is, and that a step changes only what it says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from explorer.errors import PersonError
from explorer.lesson import deck
from explorer.lesson.lines import Lines
from explorer.lesson.values import Words
from explorer.recipe import Recipe, View
from explorer.text import set_language
from explorer.values import Source

SCENE = """
[[scene]]
id = "one"
title.en = "One"
place = "arithmetic"
preset = "stride-1"
say = [{ en = "Stride is {n}.", ko = "stride는 {n}입니다." }]
numbers.n = "rows stride-1"
"""


def test_the_course_is_read_without_torch() -> None:
    code = (
        "import sys; from explorer.lesson import deck; deck.course();"
        "print([m for m in ('torch', 'torchvision', 'cv2', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_both_languages_stand_side_by_side_and_one_alone_is_both() -> None:
    found = deck.parse(SCENE, "d.toml", Path()).scenes[0]
    assert found.say == (Words("Stride is 5.", "stride는 5입니다."),)
    assert found.title == Words("One", "One")
    set_language("ko")
    try:
        assert str(found.say[0]) == "stride는 5입니다."
    finally:
        set_language("en")


def test_a_step_changes_what_it_names_and_another_place_begins_anew() -> None:
    text = SCENE + (
        '[scene.recipe]\nnetwork = "lenet5"\nlayer = "c1"\nview = { scale = "layer" }\n'
        '[[scene.steps]]\nen = "a"\n'
        '[[scene.steps]]\nen = "b"\nat = [0, 1, 2]\n'
        '[[scene.steps]]\nen = "c"\nplace = "filter"\npage = "steps"\npreset = "box"\nrecipe.channel = 3\n'
        '[[scene.steps]]\nen = "d"\nplace = "explore"\nrecipe.network = "lenet5_1998"\n'
    )
    scene = deck.parse(text, "d.toml", Path()).scenes[0]
    first, same, opened, filtered, other = scene.show, *(step.show for step in scene.steps)
    assert same == first
    assert opened == replace(first, at=(0, 1, 2))
    assert (filtered.place, filtered.page, filtered.preset, filtered.at) == ("filter", "steps", "box", None)
    assert filtered.recipe == replace(first.recipe, channel=3, filters=filtered.recipe.filters)
    assert [one.name for one in filtered.recipe.filters] == ["box"]
    assert (other.place, other.page, other.preset) == ("explore", "", "")
    assert (other.recipe.network, other.recipe.layer, other.recipe.channel) == ("lenet5_1998", "", 0)
    assert [scene.shown(count) for count in (0, 1, 3, 9)] == [first, same, filtered, other]


def test_device_and_layout_stay_the_windows() -> None:
    show = deck.parse(SCENE + 'recipe.view.scale = "layer"\n', "d.toml", Path()).scenes[0].show
    now = Recipe(Source("demo", ""), device="cpu", columns=7, thumbnails=(), view=View(aspect=2.0), channel=9)
    assert show.onto(now) == Recipe(device="cpu", columns=7, thumbnails=(), view=View(scale="layer", aspect=2.0))
    show = deck.parse(SCENE + "recipe.top = 10\n", "d.toml", Path()).scenes[0].show
    assert (show.onto(now).top, show.onto(now).columns) == (10, 7), "what the scene sets itself is the scene's"


def test_pictures_and_networks_lie_beside_the_deck(tmp_path: Path) -> None:
    folder = tmp_path / "수업"
    folder.mkdir()
    (folder / "나.png").write_bytes(b"")
    (folder / "net.pt").write_bytes(b"")
    (folder / "deck.toml").write_text(
        SCENE.replace("\n", "\r\n") + 'recipe.source = "나.png"\r\nrecipe.network = "net.pt"\r\n', encoding="utf-8-sig"
    )
    wanted = deck.read(folder / "deck.toml").scenes[0].show.recipe
    assert wanted.source == Source("picture", str(folder / "나.png"))
    assert wanted.network == str(folder / "net.pt")


def test_lines_of_entries_whatever_the_way_they_are_written() -> None:
    lines = Lines(
        'a = """\n[[x]]\nb = 1\n"""\n[[x]]\n[x.y]\nz.w = 2 # """\n'
        '[[x]]\n"q" = [\n  1,\n]\n[[x.v]]\nk = \'#"""\'\nm = 1\n'
    )
    paths = [("a",), ("x", 0), ("x", 0, "y"), ("x", 0, "y", "z", "w"), ("x", 1, "q"), ("x", 1, "v", 0, "m")]
    assert list(map(lines.of, paths)) == [1, 5, 6, 7, 9, 14]
    assert lines.of(("x", 1, "v", 0, "none", 3)) == 12


FAULTS = {
    'recipe.network = "resnet81"': "network called",
    'recipe.network = "net.onnx"': "no file “net.onnx”",
    'recipe.source = "lost.png"': "no picture “lost.png”",
    'recipe.filters = ["boxes"]': "no filter “boxes”",
    "recipe.channels = 3": "no “channels”",
    'recipe.channel = "3"': "channel cannot be 3",
    'recipe.weights = "imagenet"': "has no weights “imagenet”",
    "recipe.top = 0": "top cannot be 0",
    "recipe.view = { scale = 1 }": "view cannot be",
    "recipe.view = { scales = 1 }": "view cannot be",
    "recipe = 3": "“recipe” has to be a table",
    "at = [1]": "“at” is two or three",
    "at = [0, 1]": "a map, a row and a column",
    "at = [0, 1, 5]": "0 to 4",
    'steps = [{ en = "a", preset = "shift", at = [0, 1] }]': "no values to open",
    'steps = [{ en = "a", place = "filter", page = "steps", at = [0, 1, 2] }]': "a row and a column",
    'steps = [{ en = "a", place = "tasks", at = [0, 1] }]': "no value is opened",
    "tiltle = 1": "nobody knows “tiltle”",
    'page = "maps"': "opens its pages by itself",
    'numbers.m = "row stride-1"': "no number “row”",
    'numbers.m = "rows stride-9"': "no example “stride-9”",
    'numbers.m = "rows"': "written as “rows EXAMPLE”",
    'numbers.m = "value stride-1 0,9"': "written as “value EXAMPLE K,Y,X”",
    'numbers.m = "weights stride-1"': "has no such number",
    "numbers.m = 1": "has to be a text",
    'steps = [{ en = "{none}" }]': "no number “none”",
    "steps = [{}]": "a text is missing",
    "steps = [1]": "has to be a table",
    "steps = 1": "has to be a list",
    'question.kind = "size"': "no kind of question “size”",
    'question = { kind = "weights", level = 3 }': "from 1 to 2",
    'question = { kind = "what-if", level = true }': "from 1 to 1",
    'question.en = "?"': "“answer” is missing",
    'question = { en = "?", answer = 3, options = [{ en = "a" }] }': "the answer is the number of an option",
    'question = { en = "?", answer = true }': "a number or a text",
    'question = { en = "?", answer = "' + "a word " * 15 + '" }': "more than 100 letters",
    **{f'question = {{ en = "?", answer = {n} }}': "1,000 digits" for n in ("9" * 5000, f'"{"9" * 5000}"')},
    f"recipe.channel = 0x{'F' * 5000}": "1,000 digits",
    'recipe.source = ""': "no picture “”",
    'numbers.m = "macs resnet18_nobody"': "network called",
    'numbers.m = "macs alexnet"': "“alexnet” has no such number",  # torchvision's card does not tell
    'steps = [{ en = "a", place = "filter", page = "numbers", at = [3, 0] }]': "3 rows and 4 columns",
}


@pytest.mark.parametrize("line", FAULTS)
def test_a_fault_is_told_with_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "d.toml"
    file.write_text(SCENE + line + "\n" + SCENE.replace("one", "two"), encoding="utf-8")
    with pytest.raises(PersonError) as raised:
        deck.read(file)
    told = str(raised.value)
    assert told.startswith(f"{file}, line {SCENE.count(chr(10)) + 1}: ")
    assert FAULTS[line] in told
    assert told.count("\n") == 0
    assert len(told) < 400


@pytest.mark.parametrize(
    ("wrong", "right", "line", "told"),
    [
        ('"arithmetic"', '"arithmetics"', 5, "no place “arithmetics”"),
        ('"stride-1"\nsay', '"stride-0"\nsay', 6, "no preset “stride-0”"),
        ('"one"', '"One!"', 3, "“One!” is no id"),
        ('id = "one"\n', "", 2, "“id” is missing"),
        ("title.en", "title.de", 4, "nobody knows “de”"),
        ("[[scene]]", "[[scene]", 2, "no TOML"),
        ('"stride-1"\nsay', '"stride-1\nsay', 6, "no TOML"),
        ("[[scene]]", "[scene]", 2, "begins with a line [[scene]]"),
    ],
)
def test_faults_of_the_scene_itself(wrong: str, right: str, line: int, told: str) -> None:
    with pytest.raises(PersonError, match=r"^d\.toml, line ") as raised:
        deck.parse(SCENE.replace(wrong, right), "d.toml", Path())
    assert f"line {line}: " in str(raised.value)
    assert told in str(raised.value)


def test_a_name_twice_is_told_where_it_comes_again() -> None:
    with pytest.raises(PersonError, match="line 11: another scene is called “one”"):
        deck.parse(SCENE + SCENE, "d.toml", Path())


def test_files_that_are_no_decks(tmp_path: Path) -> None:
    file = tmp_path / "덱.toml"
    contents: dict[bytes, str] = {
        b"": "line 1: there is no scene",
        b"title.en = 1\n": "no scene",
        b"# a\nx = '\xff'": "line 2: this is no UTF-8",
        b" " * (deck.MOST_BYTES + 1): "larger than 1 MB",
        b"\x00\x01": "line 1: this is no TOML",
        b"x = " + b"[" * 5000: "no TOML",
    }
    for content, told in contents.items():
        file.write_bytes(content)
        with pytest.raises(PersonError) as raised:
            deck.read(file)
        assert told in str(raised.value)
        assert "덱.toml" in str(raised.value)
    for missing in (tmp_path, tmp_path / "none.toml", Path("a\0b")):
        with pytest.raises(PersonError):
            deck.read(missing)
    file.write_text("".join(SCENE.replace("one", f"s{n}") for n in range(deck.MOST_SCENES + 1)), encoding="utf-8")
    with pytest.raises(PersonError, match="at most 500 scenes"):
        deck.read(file)
