"""The command line: finds the command, and turns what goes wrong into one sentence and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from importlib import import_module
from typing import Any

from explorer.cli import streams
from explorer.cli.arguments import PROGRAM, Parser
from explorer.cli.output import table
from explorer.errors import ExplorerError, PersonError, nearest
from explorer.text import LANGUAGES, N_, _, set_language, system_language

COMMANDS = ("models", "layers", "predict", "inspect", "live", "bench")
TRACEBACK = "CNN_EXPLORER_TRACEBACK"
"""Environment variable that asks for the traceback of an error of ours."""
INTERRUPTED = 130
_STUCK = N_("The output cannot be written ({reason}): free some space, or send it elsewhere.")


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
            print(_help())
        else:
            code = _run(words[0], words[1:])
        print(end="", flush=True)  # here, where what goes wrong is caught
    except ExplorerError as error:
        streams.complain(error)
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has had enough
        streams.drop(sys.stdout)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last net: a sentence for the person, the traceback on request
        if isinstance(error, OSError) and (reason := streams.why_stuck()):
            streams.drop(sys.stdout)
            stuck = PersonError(_STUCK, reason=reason)
            streams.complain(stuck)
            return stuck.exit_code
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        sentence = _("CNN Explorer itself failed ({kind}: {reason}): set {variable}=1, run it again and report it.")
        reason = " ".join(str(error).split())
        streams.complain(sentence.format(kind=type(error).__name__, reason=reason, variable=TRACEBACK))
        return 1
    return code


def _quiet() -> None:
    """Keep the libraries' remarks off stderr, which is for our one sentence."""
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
    return import_module(f"explorer.cli.{command}")


def _run(command: str, words: list[str]) -> int:
    if command not in COMMANDS:
        near = nearest(command, COMMANDS)
        sentence = N_("There is no command “{command}”; the nearest are: {nearest}.")
        if not near:
            sentence = N_("There is no command “{command}”; the commands are: {nearest}.")
        raise PersonError(sentence, command=command, nearest=", ".join(near or COMMANDS))
    module = _module(command)
    parser = Parser(command, _(module.ABOUT))
    module.arguments(parser)
    return module.run(parser.read(words)) or 0


def _help() -> str:
    commands = table((), [(f"  {name}", _(_module(name).ABOUT)) for name in COMMANDS], "ll")
    return "\n".join(
        [
            _("CNN Explorer, the command line: look inside a convolutional network."),
            "",
            _("usage: ") + f"{PROGRAM} [--lang {'|'.join(LANGUAGES)}] COMMAND …",
            "",
            commands,
            "",
            _("Help on one of them: {example}").format(example=f"{PROGRAM} predict --help"),
        ]
    )
