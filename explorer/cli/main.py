"""The command line: finds the command, and turns what goes wrong into one sentence and an exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from explorer.cli import streams
from explorer.cli.arguments import PROGRAM, Action, Parser
from explorer.cli.output import table
from explorer.errors import ExplorerError, PersonError, nearest
from explorer.text import LANGUAGES, N_, _, set_language, system_language

COMMANDS = (
    "models",
    "weights",
    "layers",
    "area",
    "effective",
    "explain",
    "ablate",
    "index",
    "search",
    "detect",
    "segment",
    "stack",
    "arithmetic",
    "lesson",
    "filter",
    "kernels",
    "learn-filter",
    "predict",
    "inspect",
    "redraw",
    "live",
    "train",
    "bench",
)
TRACEBACK = "CNN_EXPLORER_TRACEBACK"
"""Environment variable that asks for the traceback of an error of ours."""
INTERRUPTED = 130
_ABOUT = N_("CNN Explorer, the command line: look inside a convolutional network.")


def main(words: list[str]) -> int:
    """Run one command and return its exit code.

    0 is good, also for ``live`` that Ctrl-C ended and for output whose reader had enough; 2 is the person's mistake;
    1 ours, or a figure of ``bench`` that is over its limit; 130 any other command that Ctrl-C ended.

    Args:
        words: the command line without the program's name.
    """
    _quiet()
    streams.take_any_letter()
    code = 0
    try:
        set_language(system_language())
        words = _language(words)
        if not words or words[0] in ("-h", "--help"):
            streams.say(_help(_ABOUT, PROGRAM, {name: _module(name).ABOUT for name in COMMANDS}))
        else:
            code = _run(words[0], words[1:])
    except ExplorerError as error:
        streams.complain(error)
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has had enough
        streams.drop(sys.stdout)
    except KeyboardInterrupt as stop:
        resumable = isinstance(stop, streams.Resumable)
        streams.complain(_("Stopped: the same command goes on from here.") if resumable else _("Stopped."))
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last net: a sentence for the person, the traceback on request
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        sentence = _("CNN Explorer itself failed ({kind}: {reason}): set {variable}=1, run it again and report it.")
        reason = " ".join(str(error).split())
        streams.complain(sentence.format(kind=type(error).__name__, reason=reason, variable=TRACEBACK))
        return 1
    return code


def _quiet() -> None:
    """Keep the libraries' remarks and our log off stderr, which is for our one sentence."""
    if not logging.getLogger().handlers and not os.environ.get(TRACEBACK):
        logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")


def _language(words: list[str]) -> list[str]:
    """Take ``--lang`` out of ``words``, wherever it stands, and speak it from here on."""
    for place, word in enumerate(words):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name != "--lang":
            continue
        code = value if equals else next(iter(words[place + 1 :]), "")
        if code not in LANGUAGES:
            raise PersonError(
                N_("There is no language “{code}”: --lang takes {languages}."),
                code=code,
                languages=", ".join(LANGUAGES),
            )
        set_language(code)
        return words[:place] + words[place + (1 if equals else 2) :]
    return words


def _module(command: str) -> Any:
    return import_module(f"explorer.cli.{command.replace('-', '_')}")


def _run(command: str, words: list[str]) -> int:
    module = _module(_known(command, COMMANDS))
    actions: Mapping[str, Action] = getattr(module, "ACTIONS", {})
    if not actions:
        action = Action(module.ABOUT, module.arguments, module.run)
    elif not words or words[0] in ("-h", "--help"):
        streams.say(_help(module.ABOUT, f"{PROGRAM} {command}", {name: one.about for name, one in actions.items()}))
        return 0
    else:
        action = actions[_known(words[0], tuple(actions))]
        command, words = f"{command} {words[0]}", words[1:]
    parser = Parser(command, _(action.about))
    action.arguments(parser)
    return action.run(parser.read(words)) or 0


def _known(command: str, commands: Sequence[str]) -> str:
    """Return ``command`` if it is one of ``commands``.

    Raises:
        PersonError: it is not; the nearest are named.
    """
    if command not in commands:
        near = nearest(command, commands)
        sentence = N_("There is no command “{command}”; the nearest are: {nearest}.")
        if not near:
            sentence = N_("There is no command “{command}”; the commands are: {nearest}.")
        raise PersonError(sentence, command=command, nearest=", ".join(near or commands))
    return command


def _help(about: str, program: str, commands: Mapping[str, str]) -> str:
    """Return what a program, or one of its commands, can do."""
    example = next((name for name in ("predict", "get") if name in commands), next(iter(commands)))
    return "\n".join(
        [
            _(about),
            "",
            _("usage: ") + f"{program} [--lang {'|'.join(LANGUAGES)}] COMMAND …",
            "",
            table((), [(f"  {name}", _(what)) for name, what in commands.items()], "ll"),
            "",
            _("Help on one of them: {example}").format(example=f"{program} {example} --help"),
        ]
    )
