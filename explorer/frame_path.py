"""The path of a frame, from the picture to what the window paints. Read this first.

Still pictures, live sources, the command line, the benchmark and the tests all go this way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from explorer import reduce, scenes
from explorer.capture import Captured, capture, check_budget
from explorer.graph.values import Layer
from explorer.held import held
from explorer.nearby import Nearby
from explorer.overtime.figures import Follower
from explorer.overtime.rules import followed
from explorer.overtime.values import Followed
from explorer.parcel import Arriving, Parcel
from explorer.recipe import Recipe
from explorer.session import Network, Seen, Steps
from explorer.tasks.classify import classify
from explorer.values import Floats, Frame, FrameResult


def run(
    network: Network,
    frame: Frame,
    recipe: Recipe,
    times_ms: dict[str, float] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FrameResult:
    """Return what ``recipe`` asks of ``frame``; numpy and plain values only.

    Args:
        network: opened for the recipe's network, weights, input size and device.
        frame: the picture as it came.
        recipe: what to look at.
        times_ms: what was measured before (reading); the stages' times are added to it.
        cancelled: asked between stages.

    Raises:
        NetworkError: the layer is not there. ForwardError: the network raised. Cancelled: it is no longer wanted.
        DeviceError: its device has not enough memory, and it was opened for no other; else it goes to the CPU.
    """
    steps = Steps({} if times_ms is None else times_ms, cancelled, network.finish)
    nearby = Nearby(network, recipe) if recipe.nearest else None

    def painted() -> FrameResult:
        return show(network, _seen(network, frame, recipe, steps, nearby), recipe, steps, nearby)

    return network.with_room(painted)


def _seen(network: Network, frame: Frame, recipe: Recipe, steps: Steps, nearby: Nearby | None = None) -> Seen:
    """Return what the network remembers, or let it look."""
    seen = network.remembers(frame, recipe)
    if seen is not None and (nearby is None or nearby.taken_from(seen.nearby)):
        return seen
    return look(network, frame, recipe, steps, nearby)


def look(network: Network, frame: Frame, recipe: Recipe, steps: Steps, nearby: Nearby | None = None) -> Seen:
    """Take the picture through the network and keep what the recipe asks for; the network remembers it."""
    before = network.columns_before(frame)
    scene = scenes.Watched(network, recipe.finding)
    parcel = Parcel()

    def through(x: Tensor) -> tuple[Layer, Captured, reduce.Overview, reduce.Readings, Follower | None]:
        layer = network.layer(network.shown(recipe))
        kept = reduce.hold(layer, parcel, recipe.channel, recipe.view)
        wanted = reduce.wanted(network.graph, layer, network.thumbnail_ids(recipe), kept)
        overview, readings = reduce.Overview(recipe.columns, before, parcel), reduce.Readings(recipe.locked, parcel)
        if recipe.columns:
            wanted = overview.beside(wanted, network.stages)
        follower = None
        if recipe.overtime:
            follower = Follower(followed(network.graph, layer.id, recipe.overtime.every), parcel)
            wanted = follower.beside(wanted)
        wanted = readings.beside(wanted, network.graph)
        if nearby is not None:
            wanted = nearby.beside(wanted, network, parcel)
        with scene:
            if recipe.source.live:
                captured = network.fast.capture(x, wanted, layer.id)
            else:
                captured = capture(network.module, network.graph, x, wanted, steady=network.steady)
        shape = captured.shapes.get(layer.id)
        return layer if shape is None else replace(layer, output=shape), captured, overview, readings, follower

    with steps("filter"):
        filtered = recipe.altered(frame)
    with steps("prepare"):
        prepared = network.prepare(filtered)
        pictured = reduce.pictured(prepared.tensor, parcel)
    with steps("forward"):
        shown = network.shown(recipe)
        layer, captured, overview, readings, follower = network.follow(through, prepared.tensor, filtered, shown)
        answer = reduce.real(captured.output).float()
        output = parcel.put(answer) if network.classifies(answer) else _there(answer)
        small = reduce.sent(captured.values, parcel)
        parcel.open()
    if network.device.type == "cpu":  # an accelerator works on while a reducer waits: there the two are one
        steps.split("forward", "capture", captured.reduced_ms)
    with steps("render"):
        reduce.check_values(captured.values[layer.id], layer)
        maps = held(captured.values[layer.id])
        measured, columns = maps.figures(), overview.columns()
        thumbnails = reduce.thumbnails({name: one() for name, one in small.items()})
        picture, limits = pictured()
    network.seen = Seen(
        frame=frame,
        alterations=recipe.alterations,
        layer=layer,
        maps=maps,
        measured=measured,
        filtered=filtered,
        geometry=prepared.geometry,
        prepared=picture,
        prepared_range=limits,
        output=output(),
        thumbnails=thumbnails,
        times_ms=dict(steps.times_ms),
        columns=columns,
        wide=recipe.columns,
        readings=readings.values,
        followed=follower.frames() if follower else None,
        every=bool(recipe.overtime and recipe.overtime.every),
        nearby=nearby,
        boxes=scene.boxes(captured.returned),
    )
    return network.seen


def _there(answer: Tensor) -> Arriving:
    """Return what gives an answer whose numbers nobody is told: it stays where it is, in memory of its own."""
    kept = answer if answer.device.type == "cpu" else answer.clone()
    return lambda: kept


def show(network: Network, seen: Seen, recipe: Recipe, steps: Steps, nearby: Nearby | None = None) -> FrameResult:
    """Make what was seen into what the window paints."""
    with steps("render"):
        kernel = network.kernel(seen.layer, recipe.channel)
        view = reduce.show(seen.maps, seen.measured, seen.layer, recipe.channel, recipe.view, kernel)
        classifies = network.classifies(seen.output)
        predictions = classify(seen.output, network.labels, recipe.top, network.card.activation) if classifies else ()
        overtime = _overtime(network, seen, recipe, classifies) if recipe.overtime else None
        nearest = nearby.answer(recipe.nearest) if nearby is not None and recipe.nearest else None
        found = scenes.found(network, seen, recipe.finding) if recipe.finding else None
    return FrameResult(
        recipe=recipe,
        frame=seen.frame,
        filtered=seen.filtered,
        geometry=seen.geometry,
        prepared=seen.prepared,
        prepared_range=seen.prepared_range,
        predictions=predictions,
        trained=network.trained,
        thumbnails=seen.thumbnails,
        view=view,
        device=str(network.device),
        times_ms={**seen.times_ms, **steps.times_ms},
        finite=bool(predictions) or not classifies or bool(seen.output.isfinite().all()),
        columns=seen.columns if recipe.columns else {},
        locked=tuple(seen.reading(unit) for unit in recipe.locked),
        overtime=overtime,
        speed=network.fast.told if recipe.source.live else None,
        nearest=nearest,
        found=found,
    )


def _overtime(network: Network, seen: Seen, recipe: Recipe, classifies: bool) -> Followed:
    return network.recorder.add(
        recipe,
        network.graph,
        seen.frame,
        seen.filtered.pixels,
        seen.geometry,
        seen.output if classifies else None,
        seen.layer,
        seen.maps,
        seen.followed or {},
        seen.reading,
    )


MOST_BYTES = 2 << 30
"""Of the maps of all layers together; DenseNet-121 at its usual size has 0.2 GB."""


def all_maps(network: Network, frame: Frame, recipe: Recipe) -> dict[str, Floats]:
    """Return the maps of every layer as the network made them, float32 (C, h, w) by layer id; raises as ``run`` does.

    Raises:
        NetworkError: together they would take more than ``MOST_BYTES``; known before anything runs.
    """
    check_budget(network.graph, MOST_BYTES)
    filtered = recipe.altered(frame)

    def through(x: Tensor) -> dict[str, Floats]:
        check_budget(network.graph, MOST_BYTES)
        reducers = {layer.id: reduce.keep(layer) for layer in network.graph}
        return dict(capture(network.module, network.graph, x, reducers).values)

    return network.with_room(lambda: network.follow(through, network.prepare(filtered).tensor, filtered))


def raw_input(network: Network, frame: Frame, recipe: Recipe) -> Floats:
    """Return the picture as the network gets it, float32 (C, h, w); raises as ``run`` does."""
    prepared = network.with_room(lambda: network.prepare(recipe.altered(frame)))
    found: Floats = prepared.tensor[0].float().contiguous().cpu().numpy()
    return found


def raw_maps(network: Network, frame: Frame, recipe: Recipe) -> Floats:
    """Return the maps of the recipe's layer as the network made them, float32 (C, h, w); raises as ``run`` does."""
    return network.with_room(lambda: _seen(network, frame, recipe, Steps()).maps.raw)
