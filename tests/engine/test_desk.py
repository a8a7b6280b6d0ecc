"""What is wished decides what is shown."""

from __future__ import annotations

from typing import Any, cast

from explorer.engine.desk import Desk
from explorer.engine.events import Problem, Progress, ResultReady
from explorer.engine.feed import Feed
from explorer.engine.mailbox import Outbox
from explorer.errors import SourceError
from explorer.recipe import Recipe
from explorer.settings import Settings
from explorer.values import FrameResult, Source

A = Recipe(source=Source("picture", "a.png"), network="a")


def wishing(recipe: Recipe = A) -> tuple[Desk, Feed]:
    desk = Desk(Outbox(lambda: None), Settings())
    feed = desk.feed = Feed(recipe.source)
    desk.recipe = recipe
    return desk, feed


def result() -> ResultReady:
    return ResultReady(cast(FrameResult, object()))


def test_what_the_newest_wish_wants() -> None:
    desk, feed = wishing()
    key = desk.key(A)
    assert desk.wants(key)
    assert desk.wants(key, feed)
    assert desk.wants(desk.key(A.with_(channel=3)), feed), "a view needs no other network"
    assert not desk.wants(key, Feed(A.source)), "the same source, opened another time, is another feed"
    assert not desk.wants(desk.key(A.with_(network="b")), feed)
    desk.settings = Settings(device="cuda:0")
    assert not desk.wants(key)
    desk.settings = Settings()
    desk.recipe = None
    assert not desk.wants(key)
    desk.recipe, desk.stopped = A, True
    assert not desk.wants(key)


def test_a_device_of_the_recipe_goes_before_the_preferred_one() -> None:
    desk, _feed = wishing()
    desk.settings = Settings(device="cuda:0")
    assert desk.device(A) == "cuda:0"
    assert desk.device(A.with_(device="cpu")) == "cpu"


def test_a_wanted_result_is_delivered_and_kept() -> None:
    desk, feed = wishing()
    event = result()
    assert desk.deliver(desk.key(A), feed, event)
    assert desk.result is event.result
    assert desk.outbox.take() == [event]


def test_a_stale_result_is_neither_delivered_nor_kept() -> None:
    desk, feed = wishing()
    stale: list[tuple[Any, Feed]] = [(desk.key(A), Feed(A.source)), (desk.key(A.with_(network="b")), feed)]
    for key, its_feed in stale:
        assert not desk.deliver(key, its_feed, result())
    assert desk.outbox.take() == []
    assert desk.result is None


def test_a_broken_source_says_so_after_each_result() -> None:
    desk, feed = wishing()
    feed.problem = Problem("source", SourceError("gone"))
    assert desk.deliver(desk.key(A), feed, Progress("not a result"))
    assert desk.outbox.take() == [Progress("not a result"), feed.problem]
    assert desk.result is None
