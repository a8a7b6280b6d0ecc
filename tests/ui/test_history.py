"""Undo, redo and Cancel: what counts as one step, and what going back leaves as it is."""

from __future__ import annotations

from dataclasses import replace

from explorer.engine.events import NetworkReady, Progress
from explorer.values import Source
from tests.ui import samples
from tests.ui.desk import Desk, key


def test_a_walk_over_the_maps_is_one_step(one: Desk) -> None:
    controller, start = one.controller, one.store.recipe
    for channel in range(1, 9):
        controller.change(channel=channel)
        controller.adjust(thumbnails=(str(channel),))  # no step of the person's
    controller.change(unit=(2, 3))
    controller.undo()
    assert one.store.recipe == start
    assert not controller.can_undo
    controller.redo()
    assert (one.store.recipe.channel, one.store.recipe.unit) == (8, (2, 3))


def test_a_walk_does_not_join_what_was_before_or_after(one: Desk) -> None:
    controller = one.controller
    controller.change(layer="pool")
    controller.change(channel=1)
    controller.change(channel=2)
    controller.change(layer="fc")
    controller.change(channel=3)
    layers = [(one.store.recipe.layer, one.store.recipe.channel)]
    while controller.can_undo:
        controller.undo()
        layers.append((one.store.recipe.layer, one.store.recipe.channel))
    assert layers == [("fc", 3), ("fc", 0), ("pool", 2), ("pool", 0), ("", 0)]
    controller.redo()
    controller.change(channel=5)
    controller.undo()
    assert (one.store.recipe.layer, one.store.recipe.channel) == ("pool", 0)


def test_cancel_goes_back_to_the_network_that_was_ready_and_leaves_the_rest(one: Desk) -> None:
    controller, cancel = one.controller, one.window.status._cancel
    controller.change(layer="pool", channel=2)
    controller.change(network="other", weights="none")
    one.send(Progress("Loading {network} …", {"network": "other"}))
    controller.change(source=Source("demo", ""))
    assert cancel.isVisible(), "something else was changed meanwhile"
    cancel.click()
    recipe = one.store.recipe
    assert (recipe.network, recipe.weights, recipe.layer, recipe.channel) == ("sample", "", "pool", 2)
    assert recipe.source == Source("demo", "")
    assert not cancel.isVisible()


def test_cancel_at_once_can_be_taken_back(one: Desk) -> None:
    before = one.store.recipe
    one.controller.change(network="other", weights="none")
    one.controller.cancel()
    assert one.store.recipe == before
    assert (one.controller.can_undo, one.controller.can_redo) == (False, True)
    one.controller.cancel()
    assert one.store.recipe == before, "there is nothing left to cancel"


def test_cancel_after_two_choices_goes_to_what_is_ready(one: Desk) -> None:
    loaded = samples.network(one.graph)
    one.controller.change(network="other", weights="none")
    one.send(NetworkReady(replace(loaded, card=replace(loaded.card, name="other"), weights="none", trained=False)))
    assert not one.controller.can_cancel
    one.controller.change(network="third", weights="none")
    one.controller.change(network="sample")
    one.controller.cancel()
    assert (one.store.recipe.network, one.store.recipe.weights) == ("other", "none")


def test_undo_and_redo_act_on_the_place_that_is_shown(one: Desk) -> None:
    one.controller.change(channel=3)
    recipe, commands = one.store.recipe, one.window.commands
    commands["place_arithmetic"].trigger()
    assert one.window.places.arithmetic is not None
    work = one.window.places.arithmetic.work
    assert not commands["undo"].isEnabled(), "the place has no step yet, and the recipe's are not its"
    first = work.case
    one.window.places.arithmetic.open("one-of-5x5x3")
    second = work.case
    assert second != first
    key(one, "Ctrl+Z")
    assert (work.case, one.store.recipe) == (first, recipe)
    key(one, "Ctrl+Shift+Z")
    assert (work.case, one.store.recipe) == (second, recipe)
    commands["place_explore"].trigger()
    key(one, "Ctrl+Z")
    assert one.store.recipe.channel != 3
    assert work.case == second
