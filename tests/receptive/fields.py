"""What the units of the zoo's networks see."""

from __future__ import annotations

from explorer.questions import FieldsFound, FieldsOf, answer
from explorer.receptive.analyse import Fields
from explorer.zoo import registry


def fields_of(name: str, input_hw: tuple[int, int] | None = None) -> Fields:
    registry.everything()
    found = answer(None, FieldsOf(name, input_hw))
    assert isinstance(found, FieldsFound)
    return found.fields
