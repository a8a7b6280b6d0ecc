"""What a scene can open: the places, their pages, and what they know by name."""

from __future__ import annotations

from explorer.arithmetic.case import Case
from explorer.arithmetic.presets import PRESETS
from explorer.arithmetic.trace import trace
from explorer.errors import PersonError, nearest
from explorer.filters.bank import BANK
from explorer.filters.steps import LECTURE
from explorer.receptive.stack_presets import PRESETS as STACKS
from explorer.settings import FILTER_TABS, TASK_TABS
from explorer.text import N_

EXAMPLE = "lecture"
"""The preset of the tasks' pages "classify" and "segment": the lecture's example."""
PAGES: dict[str, tuple[str, ...]] = {
    "explore": (
        *("predictions", "unit", "network_input", "maps", "over_time", "why"),
        *("channel", "prove", "arithmetic", "pixels", "touch", "switch_off"),
    ),
    "filter": (*FILTER_TABS, "numbers"),
    "arithmetic": (),
    "networks": (
        *("card", "weights", "table", "graph", "overview", "kernels", "receptive", "compare", "stacks", "training"),
    ),
    "tasks": TASK_TABS,
}
"""By place. The arithmetic place opens the page of its preset by itself; the filter place's "numbers" is its "steps"
with the lecture's small picture (``filters.steps.LECTURE``)."""


def check(place: str, page: str, preset: str) -> None:
    """Find out whether the place has the page, and the page the preset.

    A preset is: in the filter place the name of a filter of the bank, in the arithmetic place an example; on the
    tasks' pages "classify" and "segment" the lecture's; on the networks' page "stacks" one stack or two with a blank
    between, on its page "compare" another network.

    Raises:
        PersonError: it has not; the sentence names what there is.
    """
    if place not in PAGES:
        raise PersonError(N_("there is no place “{name}”, only {known}."), name=place[:40], known=", ".join(PAGES))
    if page and page not in PAGES[place]:
        sentence = N_("the place “{place}” has no page “{name}”, only {known}.")
        if not PAGES[place]:
            sentence = N_("the place “{place}” opens its pages by itself: leave “{name}” out.")
        raise PersonError(sentence, place=place, name=page[:40], known=", ".join(PAGES[place]))
    if not preset or (place, page) == ("networks", "compare"):
        return
    known = {"filter": tuple(BANK), "arithmetic": tuple(PRESETS)}.get(place, ())
    names = [preset]
    if (place, page) == ("networks", "stacks"):
        known, names = tuple(STACKS), preset.split()
    if (place, page) in (("tasks", "classify"), ("tasks", "segment")):
        known = (EXAMPLE,)
    if not known:
        raise PersonError(N_("nothing is opened by name there: leave the preset “{name}” out."), name=preset[:40])
    for name in names[:2] if len(names) < 3 else [preset]:
        if name not in known:
            raise PersonError(
                N_("there is no preset “{name}” there; the nearest are: {nearest}."),
                name=name[:40],
                nearest=", ".join(nearest(name, known) or known[:4]),
            )


def check_at(at: tuple[int, ...], place: str, page: str, preset: str) -> None:
    """Find out whether there is a value at ``at``.

    Raises:
        PersonError: there is not; the sentence says what ``at`` is there.
    """
    if place == "arithmetic" and preset:
        subject = PRESETS[preset].subject
        if not isinstance(subject, Case):
            raise PersonError(N_("the example “{name}” has no values to open: leave “at” out."), name=preset)
        if len(at) != 3:
            raise PersonError(N_("“at” is a map, a row and a column here, as in [0, 1, 2]: write it so."))
        trace(subject, (at[0], at[1], at[2]))
    elif (place, page) not in (("filter", "steps"), ("filter", "numbers"), ("explore", "pixels")):
        raise PersonError(N_("no value is opened there: leave “at” out."))
    elif len(at) != 2:
        raise PersonError(N_("“at” is a row and a column here, as in [1, 2]: write it so."))
    elif page == "numbers" and not (at[0] < LECTURE.shape[0] and at[1] < LECTURE.shape[1]):
        raise PersonError(
            N_("the lecture's picture has {rows} rows and {columns} columns, from 0: “at” lies outside."),
            rows=LECTURE.shape[0],
            columns=LECTURE.shape[1],
        )
