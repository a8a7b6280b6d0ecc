"""Opens the window, or draws it into a file; imports neither Qt nor torch until it has chosen."""

from __future__ import annotations

import errno
import os
import re
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from explorer.cli import streams
from explorer.cli.arguments import Parser, add_consent, allow_code, exists, feed, model, picture, whole
from explorer.errors import ExplorerError, PersonError, nearest
from explorer.sources.naming import source_of
from explorer.text import LANGUAGES, N_, _, set_language, system_language
from explorer.values import SEEKABLE, Source
from explorer.zoo import weights

SIZE = (1280, 800)
SCALING = ("QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS", "QT_FONT_DPI", "QT_USE_PHYSICAL_DPI")
PICTURE = "cnn-explorer.png"
"""What the window is saved as, in the current folder, where there is no display."""


def main(words: list[str] | None = None) -> int:
    """Run the application and return its exit code.

    Args:
        words: the command line without the program's name; None for this process's own.
    """
    streams.take_any_letter()
    set_language(system_language())
    try:
        options = _parser().read(sys.argv[1:] if words is None else words)
        _check(options)
    except ExplorerError as error:
        streams.complain(error)
        return error.exit_code
    changes = {"source": options.picture, "layer": options.layer, **_network(options)}
    wanted = {name: value for name, value in changes.items() if value}
    look = {name: value for name, value in (("language", options.lang), ("theme", options.theme)) if value}
    if kept := options.recipe:
        whole = kept.recipe.with_(**wanted)
        wanted = {one.name: getattr(whole, one.name) for one in fields(whole)}
        look = {"place": kept.place, "language": kept.language, "theme": kept.theme} | look
    lesson = None
    if options.scene or options.deck is not None:
        lesson = (options.deck, options.scene, options.reveal)
    if options.shot or not streams.has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        for name in SCALING:  # a shot has exactly the wished size, whatever suits this person's screen
            os.environ.pop(name, None)
        from ui.shot import shoot

        where = options.shot or Path(PICTURE)
        return shoot(wanted, look, options.size or SIZE, where, tell=not options.shot, lesson=lesson)
    from ui.app import run

    return run(wanted, look, options.size, lesson)


def _parser() -> Parser:
    parser = Parser("", _("Look inside a convolutional network while it looks at a picture, a video or a camera."))
    parser.prog = "cnn-explorer"
    parser.what.add_argument(
        "picture",
        metavar="SOURCE",
        nargs="?",
        type=_source,
        help=_("a picture, a video, a folder of pictures, a .npy array, an address, a sample's name, camera:0 or demo"),
    )
    how = parser.how
    how.add_argument("--model", metavar="M", type=model, help=_("network to look into, or a file"))
    how.add_argument("--weights", metavar="NAME", default="", help=_("weights by name, or none for random ones"))
    add_consent(parser)
    how.add_argument("--layer", metavar="L", default="", help=_("layer whose maps are shown"))
    about = _("the recipe that was exported with a picture: FILE.recipe.json")
    how.add_argument("--recipe", metavar="FILE", type=_recipe, help=about)
    how.add_argument("--scene", metavar="ID", default="", help=_("scene of the lesson to open"))
    about = _("how many of the scene's steps are revealed")
    how.add_argument("--reveal", metavar="N", type=whole(0), default=0, help=about)
    about = _("the lesson's deck, as TOML; without it the course's")
    how.add_argument("--deck", metavar="FILE", type=Path, help=about)
    how.add_argument("--theme", metavar="light|dark", help=_("colours of the window"))
    how.add_argument("--size", metavar="WxH", type=_size, help=_("size of the window in pixels"))
    how.add_argument("--shot", metavar="FILE.png", type=Path, help=_("save the window as a picture and end"))
    return parser


def _network(options: Any) -> dict[str, str]:
    """Return the network that is asked for; where its weights are not here it opens, and says so, with random ones."""
    card = options.model
    if card is None:
        return {"weights": options.weights}
    return {"network": card.name, "weights": options.weights or weights.best_here(card)}


def _source(text: str) -> Source:
    if text == "demo" or (text.partition(":")[0] == "camera" and not Path(text).exists()):
        return feed(text)
    named = source_of(text)
    if named.kind == "stream" or (named.kind in SEEKABLE and exists(Path(named.where))):
        return named
    source = picture(text)
    if source.kind in ("picture", "array"):  # the next session may start in another folder
        return replace(source, where=str(Path(source.where).absolute()))
    return source


def _recipe(text: str) -> Any:
    from explorer.reproduce import read

    return read(Path(text))


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"0*([1-9]\d{0,3})[xX×]0*([1-9]\d{0,3})", text)
    if not match:
        raise PersonError(N_("“{text}” is not a size: write width x height, for example 1280x800."), text=text)
    return int(match[1]), int(match[2])


def _check(options: Any) -> None:
    """Find mistakes that one option alone does not show.

    Raises:
        PersonError: an unknown language or theme, or a picture format that cannot be written.
    """
    for name, value, known in (
        ("--lang", options.lang, list(LANGUAGES)),
        ("--theme", options.theme, ["light", "dark"]),
    ):
        if value is not None and value not in known:
            raise PersonError(
                N_("{option} cannot be “{value}”: it takes {known}."), option=name, value=value, known=", ".join(known)
            )
    if options.lang:
        set_language(options.lang)
    allow_code(options)
    if options.scene or options.deck is not None:
        _check_scene(options)
    if options.shot and options.shot.suffix.lower() != ".png":
        raise PersonError(N_("“{file}” does not end in .png: give --shot a PNG file."), file=options.shot)
    if options.shot and not options.shot.parent.is_dir():  # told now, not when everything has been loaded
        from explorer.render.export import problem

        raise problem(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), options.shot)


def _check_scene(options: Any) -> None:
    """Find out whether there are the deck and the scene.

    Raises:
        PersonError: the deck cannot be opened, or has no such scene.
    """
    from explorer.lesson import deck

    if options.deck is not None:
        options.deck = options.deck.absolute()
    found = deck.course() if options.deck is None else deck.read(options.deck)
    if options.scene and found.place_of(options.scene) is None:
        known = [scene.id for scene in found.scenes]
        raise PersonError(
            N_("There is no scene “{name}”; the nearest are: {nearest}."),
            name=options.scene[:60],
            nearest=", ".join(nearest(options.scene, known) or known[:4]),
        )


if __name__ == "__main__":
    sys.exit(main())
