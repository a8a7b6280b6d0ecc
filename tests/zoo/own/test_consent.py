"""Consent to code is a person's, is for one file as it is, and survives what may happen to its list."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from explorer import settings
from explorer.errors import NetworkError
from explorer.zoo.own import consent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "그물.py"
    path.write_text("x = 1\n")
    return path


def test_a_consent_is_remembered_for_the_file_as_it_is(file: Path) -> None:
    assert not consent.given(file)
    with pytest.raises(consent.ConsentNeededError, match="--allow-code") as caught:
        consent.read(file)
    assert caught.value.exit_code == 2
    assert str(file) in str(caught.value)
    consent.give(file)
    assert consent.given(file)
    assert consent.read(file) == b"x = 1\n"
    file.write_text("x = 2\n")
    assert not consent.given(file)
    with pytest.raises(consent.ConsentNeededError):
        consent.read(file)
    file.write_text("x = 1\n")
    assert consent.given(file)


def test_what_has_changed_is_the_file_or_what_it_imported(file: Path) -> None:
    neighbour = file.with_name("neighbour.py")
    neighbour.write_text("a = 1")
    assert consent.changed(file) == "", "nobody has consented yet"
    consent.give(file)
    consent.include(file, [neighbour])
    assert consent.changed(file) == ""
    neighbour.unlink()
    assert consent.changed(file) == str(neighbour)
    file.write_text("another = 1")
    assert consent.changed(file) == str(file)


def test_a_consent_is_for_what_was_shown_even_if_it_changed_since(file: Path) -> None:
    shown = consent.sha256(file)
    file.write_text("x = 2\n")
    consent.give(file, shown)
    assert not consent.given(file)


def test_a_copy_elsewhere_has_other_neighbours_and_is_asked_for(file: Path, tmp_path: Path) -> None:
    consent.give(file)
    copy = tmp_path / "elsewhere" / file.name
    copy.parent.mkdir()
    copy.write_bytes(file.read_bytes())
    assert not consent.given(copy)
    link = tmp_path / "link.py"
    link.symlink_to(file)
    assert consent.given(link)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', "[" * 100_000, '{"a": null}'])
def test_a_broken_list_consents_to_nothing_and_is_kept(file: Path, text: str) -> None:
    path = settings.data_folder() / "consents.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert not consent.given(file)
    assert path.with_name("consents.json.broken").read_text() == text
    consent.give(file)
    assert consent.given(file)


def test_others_are_kept(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.pt2"
    other.write_bytes(b"b")
    consent.give(file)
    consent.give(other)
    assert consent.given(file)
    assert consent.given(other)
    assert set(json.loads((settings.data_folder() / "consents.json").read_text())) == {str(file), str(other)}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for call in (consent.given, consent.give, consent.read):
        with pytest.raises(NetworkError, match=r"a\.py"):
            call(tmp_path / "a.py")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(file: Path) -> None:
    file.chmod(0)
    with pytest.raises(NetworkError, match="permissions"):
        consent.read(file)
