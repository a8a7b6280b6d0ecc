"""What a person types, as values; every mistake is one sentence that says what to type instead."""

from __future__ import annotations

import argparse
import difflib
import math
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from explorer import sources
from explorer.errors import NetworkError, PersonError, SourceError, nearest
from explorer.recipe import DEFAULT_NETWORK
from explorer.settings import PRECISIONS
from explorer.sources import folder, naming
from explorer.text import LANGUAGES, N_, _
from explorer.values import Source
from explorer.zoo import own, registry, weights
from explorer.zoo.card import Card
from explorer.zoo.own import consent

PROGRAM = "cnn-explorer-cli"


class Action(NamedTuple):
    """One thing that a command does.

    Attributes:
        about: what it does, marked for translation.
        arguments: declares what it takes.
        run: does it, and returns the exit code or None for 0.
    """

    about: str
    arguments: Callable[[Parser], None]
    run: Callable[[argparse.Namespace], int | None]


class _Formatter(argparse.HelpFormatter):
    """argparse's help with a heading that is translated."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=100)

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, _("usage: "))


class Parser(argparse.ArgumentParser):
    """argparse whose mistakes are ``PersonError`` sentences in the person's language.

    Args:
        command: the command's name.
        about: what it does, already translated.
    """

    def __init__(self, command: str, about: str) -> None:
        super().__init__(
            prog=f"{PROGRAM} {command}".strip(),
            description=about,
            formatter_class=_Formatter,
            add_help=False,
            allow_abbrev=False,
        )
        self.what = self.add_argument_group(_("arguments"))
        self.how = self.add_argument_group(_("options"))
        self.how.add_argument("-h", "--help", action="help", help=_("show this help"))
        self.how.add_argument("--lang", metavar="|".join(LANGUAGES), help=_("language of the messages"))

    def read(self, words: list[str]) -> argparse.Namespace:
        """Return the values of ``words``.

        Raises:
            PersonError: they cannot be understood.
        """
        options, rest = self.parse_known_args(words)
        if rest:
            known = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            unknown = next((word for word in rest if word.startswith("-")), None)
            if unknown is None:
                raise PersonError(N_("“{word}” is one argument too many: see “{help}”."), word=rest[0], help=self._help)
            option = unknown.split("=")[0]
            near = nearest(option, known)
            sentence = N_("There is no option “{option}”; the nearest are: {nearest}.")
            if not near:
                sentence = N_("There is no option “{option}”; the options are: {nearest}.")
            raise PersonError(sentence, option=option, nearest=", ".join(near or known))
        return options

    @property
    def _help(self) -> str:
        return f"{self.prog} --help"

    def error(self, message: str) -> NoReturn:
        """Raise argparse's ``message`` as a sentence of ours."""
        for pattern, sentence in _MESSAGES:
            if match := re.fullmatch(pattern, message):
                raise PersonError(sentence, help=self._help, **match.groupdict())
        raise PersonError(
            N_("The command line cannot be understood ({reason}): see “{help}”."), reason=message, help=self._help
        )


_MESSAGES = (
    (r"the following arguments are required: (?P<names>.*, .*)", N_("{names} are missing: see “{help}”.")),
    (r"the following arguments are required: (?P<names>.*)", N_("{names} is missing: see “{help}”.")),
    (
        r"argument (?P<option>\S+): at least (?P<least>\d+): (?P<text>[\s\S]*)",
        N_("{option} cannot be “{text}”: it is a whole number of at least {least}."),
    ),
    (
        r"argument (?P<option>\S+): at most (?P<most>\d+): (?P<text>[\s\S]*)",
        N_("{option} cannot be “{text}”: it is at most {most}."),
    ),
    (r"argument (?P<option>\S+): expected one argument", N_("{option} needs a value: see “{help}”.")),
    (
        r"argument (?P<option>\S+): expected (?P<count>\d+) arguments",
        N_("{option} needs {count} values: see “{help}”."),
    ),
    (r"argument (?P<option>\S+): ignored explicit argument .*", N_("{option} takes no value: see “{help}”.")),
)


_MOST_WHOLE = 999_999_999


def whole(least: int) -> Any:
    """Return a reader of whole numbers from ``least`` on."""

    def read(text: str) -> int:
        if re.fullmatch(r"[+]?[0-9]{10,}", text):
            raise argparse.ArgumentTypeError(f"at most {_MOST_WHOLE}: {text}")
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"at least {least}: {text}")  # Parser.error names the option
        return int(text)

    return read


def seconds(text: str) -> float:
    """Return a duration.

    Raises:
        PersonError: not a number above 0.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (0 < value < math.inf):
        raise PersonError(N_("“{text}” is not a number of seconds above 0."), text=text)
    return value


def one_of(option: str, known: Sequence[str]) -> Callable[[str], str]:
    """Return what takes one of some words, and says for which ``option`` another one cannot be."""

    def chosen(text: str) -> str:
        if text not in known:
            raise PersonError(
                N_("{option} cannot be “{value}”: it takes {known}."), option=option, value=text, known=", ".join(known)
            )
        return text

    return chosen


def size(text: str) -> tuple[int, int]:
    """Return height and width of "HxW".

    Raises:
        PersonError: another form.
    """
    match = re.fullmatch(r"([0-9]{1,5})[xX×]([0-9]{1,5})", text)
    if not match or "0" in (match[1].lstrip("0") or "0", match[2].lstrip("0") or "0"):
        raise PersonError(N_("“{text}” is not a size: write height x width in pixels, for example 224x224."), text=text)
    return int(match[1]), int(match[2])


def picture(text: str) -> Source:
    """Return the still picture that ``text`` names: a file, a .npy array, an http(s) address or a sample.

    Raises:
        SourceError: nothing has that name; the nearest samples and files are named.
    """
    if re.match(r"https?://", text, re.IGNORECASE):
        return Source("address", text)
    path = Path(os.path.expanduser(text))  # Path.expanduser raises where there is no such person
    if text and exists(path):
        return Source("array" if path.suffix.lower() == ".npy" else "picture", str(path))
    for sample in sources.samples():
        if text in (sample.file, Path(sample.file).stem):
            return Source("sample", sample.file)
    if text and hidden(path):
        return Source("picture", str(path))
    known = [*beside(path), *(sample.file for sample in sources.samples())]
    raise SourceError(
        N_("There is no picture “{name}”: give a file, an http address or a sample, for example {nearest}."),
        name=text,
        nearest=", ".join(nearest(text, known) or known[:3]),
    )


def exists(path: Path) -> bool:
    """Return whether there is such a file or folder."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False  # a name that no file system takes names no file


def hidden(path: Path) -> bool:
    """Return whether nobody may look whether there is such a file; its opening tells that."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        pass
    return False


def beside(path: Path) -> list[str]:
    """Return the files in the folder of a missing ``path`` that have a name like it."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if exists(entry)]
    except (OSError, ValueError):
        return []
    return [str(path.parent / name) for name in difflib.get_close_matches(path.name, names, cutoff=0.6)]


def feed(text: str) -> Source:
    """Return the live source that ``text`` names: "camera:0", "demo", a video file, a folder or an address.

    Raises:
        SourceError: it names none; the sentence says what does.
    """
    if text == "demo":
        return Source("demo", "")
    if match := re.fullmatch(r"camera(?::([0-9]{1,3}))?", text):
        return Source("camera", match[1] or "0")
    if "://" in text:
        return Source("stream", text.strip())
    path = Path(os.path.expanduser(text))
    moves = path.suffix.lower() in naming.VIDEOS
    if text and (moves or (exists(path) and path.suffix.lower() not in (*folder.SUFFIXES, *naming.ARRAYS))):
        return Source("folder" if os.path.isdir(path) else "video", str(path))
    raise SourceError(
        N_("“{name}” is no live source: write camera:0, demo, a video file, a folder of pictures or an address."),
        name=text,
    )


def model(text: str) -> Card:
    """Return the card of the network that ``text`` names: one of the zoo, or a file that holds a person's own.

    Raises:
        NetworkError: nothing has that name; the nearest networks or files are named.
    """
    if own.is_own(text):
        where = own.located(text)
        if not text.startswith(own.IN_MEMORY) and not (exists(Path(where)) or hidden(Path(where))):
            if os.path.islink(where):
                sentence = N_("“{file}” is a link to {target}, which is not there: mend the link.")
                raise NetworkError(sentence, file=text, target=os.readlink(where))
            near = beside(Path(where))
            sentence = N_("There is no file “{file}”; files with a like name: {nearest}.")
            if not near:
                sentence = N_("There is no file “{file}”: check its path.")
            raise NetworkError(sentence, file=text, nearest=", ".join(near))
        return own.card(where)
    try:
        return registry.card(text)
    except NetworkError:
        if not text or not exists(Path(os.path.expanduser(text))):
            raise
    raise NetworkError(
        N_("“{file}” is no file that a network can be read from: their names end in {suffixes}."),
        file=text,
        suffixes=", ".join(own.SUFFIXES),
    )


def add_picture(parser: Parser) -> None:
    """Let the command take a picture."""
    about = _("a file, a .npy array, an http address or a sample's name")
    parser.what.add_argument("image", metavar="IMAGE", type=picture, help=about)


def add_network(parser: Parser) -> None:
    """Let the command choose network, weights and device."""
    how = parser.how
    how.add_argument(
        "--model", metavar="M", type=model, default=DEFAULT_NETWORK, help=_("network: “models” lists them; or a file")
    )
    add_weights(parser)
    add_consent(parser)
    how.add_argument("--device", metavar="D", default="auto", help=_("cpu, cuda:0 …; without it the fastest"))
    about = _("float32, tf32 or half; without it float32")
    how.add_argument("--precision", metavar="P", type=one_of("--precision", PRECISIONS), default="float32", help=about)


def add_weights(parser: Parser) -> None:
    """Let the command choose weights."""
    about = _("weights by name, or none for random ones")
    parser.how.add_argument("--weights", metavar="NAME", default="", help=about)


def add_consent(parser: Parser) -> None:
    """Let the person allow that the file of the network runs."""
    about = _("let a .py or .pt2 file run its code here; remembered for this very file")
    parser.how.add_argument("--allow-code", action="store_true", help=about)


def allow_code(options: argparse.Namespace) -> None:
    """Remember the consent, if there is one and the network is a file.

    Raises:
        NetworkError, ExportError: the file cannot be read, or the consent cannot be kept.
    """
    if options.allow_code and options.model and options.model.group == "own":
        consent.give(Path(options.model.name))


def check_weights(options: argparse.Namespace) -> None:
    """Find out whether there are the weights that are asked for, before anything slow is done.

    Raises:
        NetworkError: there are none; the sentence says how to get them.
    """
    allow_code(options)
    if options.model.group != "own":  # whose weights are in its file
        weights.find(options.model, options.weights)


def add_json(parser: Parser) -> None:
    """Let the command answer in JSON."""
    parser.how.add_argument("--json", action="store_true", help=_("print one JSON document and nothing else"))
