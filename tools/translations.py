"""Keep ``resources/locale`` in step with the source: ``update`` extracts, merges and compiles; ``check`` is the gate.

The gate fails on a string that is not translated, is fuzzy or is no longer used, on placeholders that differ between
the English and the translation, on an f-string inside ``_()``, and on a compiled catalogue that is not the source's.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "resources" / "locale"
DOMAIN = "cnn-explorer"
LANGUAGES = ("ko",)
MARKS = {"_": None, "N_": None, "ngettext": (1, 2)}
PARTS = ("explorer", "ui")
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def sources(root: Path) -> list[Path]:
    """Return the files whose strings a person sees."""
    return [*(file for part in PARTS for file in sorted((root / part).rglob("*.py"))), root / "main.py"]


def extract() -> Catalog:
    """Return every marked string of the source."""
    catalogue = Catalog(domain=DOMAIN, fuzzy=False)
    for file in sources(ROOT):
        for line, message, comments, context in extract_from_file("python", str(file), keywords=MARKS):
            where = [(str(file.relative_to(ROOT)), line)]
            catalogue.add(message, None, where, auto_comments=comments, context=context)
    return catalogue


def path(language: str, suffix: str) -> Path:
    """Return the file of a language's catalogue."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.{suffix}"


def load(language: str) -> Catalog:
    """Return the translated catalogue as it lies on the disk; empty where there is none."""
    file = path(language, "po")
    if not file.exists():
        return Catalog(locale=language, domain=DOMAIN, fuzzy=False)
    with file.open("rb") as stream:
        return read_po(stream, locale=language, domain=DOMAIN)


def compiled(catalogue: Catalog) -> bytes:
    """Return the catalogue as gettext reads it."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def update() -> None:
    """Merge the source's strings into every catalogue, drop what is no longer used, and compile."""
    source = extract()
    for language in LANGUAGES:
        catalogue = load(language)
        catalogue.update(source, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        path(language, "po").parent.mkdir(parents=True, exist_ok=True)
        with path(language, "po").open("wb") as stream:
            write_po(stream, catalogue, sort_output=True, width=110, omit_header=False, include_lineno=False)
        path(language, "mo").write_bytes(compiled(load(language)))
        missing = sum(1 for m in catalogue if m.id and not complete(m.string))
        print(f"{language}: {len(catalogue)} strings, {missing} not translated")


def complete(string: str | tuple[str, ...]) -> bool:
    """Return whether every form of a translation is there."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


def f_strings(root: Path) -> list[str]:
    """Return the places where ``_``, ``N_`` or ``ngettext`` is called with an f-string."""
    found = []
    for file in filter(Path.exists, sources(root)):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
                found += [
                    f"{file.relative_to(root)}:{node.lineno}: an f-string inside {node.func.id}()"
                    for argument in node.args
                    if isinstance(argument, ast.JoinedStr)
                ]
    return found


def faults(source: Catalog, catalogue: Catalog, language: str) -> list[str]:
    """Return what is wrong with one language's catalogue, a sentence each."""
    found = []
    for message in source:
        if not message.id:
            continue
        key = message.id[0] if isinstance(message.id, tuple | list) else message.id
        ours = catalogue.get(key)
        if ours is None or not complete(ours.string):
            found.append(f"{language}: not translated: {key!r}")
        elif ours.fuzzy:
            found.append(f"{language}: fuzzy: {key!r}")
        else:
            forms = ours.string if isinstance(ours.string, tuple | list) else (ours.string,)
            wanted = set(PLACEHOLDER.findall(key))
            found += [
                f"{language}: placeholders differ: {key!r}"
                for form in forms
                if set(PLACEHOLDER.findall(form)) - {"{n}", "{count}"} != wanted - {"{n}", "{count}"}
            ]
    known = {m.id[0] if isinstance(m.id, tuple | list) else m.id for m in source}
    for message in catalogue:
        key = message.id[0] if isinstance(message.id, tuple | list) else message.id
        if key and key not in known:
            found.append(f"{language}: no longer used: {key!r}")
    return found


def check() -> int:
    """Print what is wrong and return the exit code."""
    source = extract()
    found = f_strings(ROOT)
    for language in LANGUAGES:
        catalogue = load(language)
        found += faults(source, catalogue, language)
        if not path(language, "mo").exists() or path(language, "mo").read_bytes() != compiled(catalogue):
            found.append(f"{language}: the compiled catalogue is not the source's: run `make translations`")
    print("\n".join(found) or f"{len(source)} strings, all translated")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["check"], ["update"]):
        sys.exit("usage: translations.py check|update")
    sys.exit(check() if sys.argv[1] == "check" else update())
