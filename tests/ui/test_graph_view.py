"""The drawing of a network: clicks, keys, folding, what is in view, and how much of it is painted at which size."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication

from explorer.graph.layout import Box
from explorer.graph.values import Graph, Layer
from explorer.render.graph_colours import PALETTES
from tests.graph.courses import traced
from tests.ui import samples
from ui import theme
from ui.widgets.graph_painter import FULL_FROM, PICTURES_FROM, head_rect
from ui.widgets.graph_view import MOST_SCALE, GraphView

SIZE = (900, 700)


@pytest.fixture
def view(qapp: QApplication) -> Iterator[GraphView]:
    theme.apply(qapp, "dark")
    widget = GraphView()
    widget.resize(*SIZE)
    widget.show()
    QApplication.processEvents()
    yield widget
    widget.close()
    widget.deleteLater()


@pytest.fixture
def googlenet(view: GraphView) -> GraphView:
    view.show_graph(traced("googlenet"))
    return view


def centre(view: GraphView, node: str) -> QPoint:
    return view.box_rect(node).center().toPoint()


def click(view: GraphView, node: str) -> None:
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(view, node))


def scale(view: GraphView) -> float:
    assert view.viewport is not None
    return view.viewport.scale


def test_a_small_network_shows_whole_and_a_large_one_from_its_beginning(view: GraphView) -> None:
    view.show_graph(traced("lenet5"))
    assert view.viewport is not None
    assert view.viewport.fitted
    assert all(view.rect().toRectF().contains(view.box_rect(node.id)) for node in view.drawn.nodes)
    view.show_graph(traced("resnet152"))
    assert not view.viewport.fitted
    assert view.rect().toRectF().contains(view.box_rect("input"))
    assert scale(view) >= FULL_FROM  # it can be read
    view.resize(600, 500)
    QApplication.processEvents()
    assert view.rect().toRectF().contains(view.box_rect("input"))


def test_a_click_chooses_what_lies_there_at_any_zoom(googlenet: GraphView) -> None:
    chosen = QSignalSpy(googlenet.chosen)
    for factor in (1.0, 0.5, 1.7):
        googlenet.zoom(factor)
        googlenet.mark("maxpool1")
        for node in ("maxpool1", "conv1.conv"):
            click(googlenet, node)
            assert chosen.at(chosen.count() - 1) == [node]
            assert googlenet.current == node
    googlenet.seek("inception3a.cat")
    click(googlenet, "inception3a.branch2.")
    assert chosen.at(chosen.count() - 1) == ["inception3a.branch2.1.relu"]  # the last in it


def test_a_click_beside_the_boxes_and_a_drag_choose_nothing(googlenet: GraphView) -> None:
    chosen = QSignalSpy(googlenet.chosen)
    QTest.mouseClick(googlenet, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    start = centre(googlenet, "maxpool1")
    QTest.mousePress(googlenet, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(googlenet, start - QPoint(0, 20 * step))
    QTest.mouseRelease(googlenet, Qt.MouseButton.LeftButton, pos=start - QPoint(0, 100))
    assert chosen.count() == 0
    assert centre(googlenet, "maxpool1").y() == pytest.approx(start.y() - 100, abs=2)


def test_a_double_click_unfolds_and_what_was_clicked_stays_where_it_is(googlenet: GraphView) -> None:
    googlenet.seek("inception3b.cat")
    before = googlenet.box_rect("inception3b.branch2.")
    QTest.mouseDClick(googlenet, Qt.MouseButton.LeftButton, pos=before.center().toPoint())
    assert "inception3b.branch2." not in googlenet.folded
    assert "inception3b.branch2." not in googlenet.drawn.by_id
    first = googlenet.box_rect("inception3b.branch2.0.")
    assert abs(first.top() - before.top()) < 2
    assert abs(first.center().x() - before.center().x()) < 2
    QTest.mouseDClick(googlenet, Qt.MouseButton.LeftButton, pos=first.center().toPoint())
    inner = googlenet.box_rect("inception3b.branch2.0.conv")
    QTest.mouseDClick(googlenet, Qt.MouseButton.LeftButton, pos=inner.center().toPoint())
    assert "inception3b.branch2.0." in googlenet.folded  # an op folds the block around it
    assert googlenet.current == "inception3b.branch2.0."


def test_the_title_of_an_open_block_folds_it(googlenet: GraphView) -> None:
    head = head_rect(googlenet.laid.frames["conv2."])
    place = googlenet.rect_of(head.top(), head.left(), head.bottom(), head.right()).center().toPoint()
    assert googlenet.frame_at(place.toPointF()) == "conv2."
    QTest.mouseClick(googlenet, Qt.MouseButton.LeftButton, pos=place)
    assert "conv2." in googlenet.folded
    assert "conv2." in googlenet.drawn.by_id


def test_arrows_walk_along_lines_and_enter_folds(googlenet: GraphView) -> None:
    chosen = QSignalSpy(googlenet.chosen)
    QTest.keyClick(googlenet, Qt.Key.Key_Home)
    walked = []
    for _ in range(9):
        QTest.keyClick(googlenet, Qt.Key.Key_Down)
        walked.append(googlenet.current)
    assert walked[:4] == ["conv1.conv", "conv1.bn", "conv1.relu", "maxpool1"]
    assert chosen.at(chosen.count() - 1) == [walked[-1]]
    QTest.keyClick(googlenet, Qt.Key.Key_Up)
    assert googlenet.current == walked[-2]
    googlenet.seek("maxpool2")
    QTest.keyClick(googlenet, Qt.Key.Key_Down)
    branches = [f"inception3a.branch{n}." for n in (1, 2, 3, 4)]
    assert googlenet.current == branches[1]  # straight on
    QTest.keyClick(googlenet, Qt.Key.Key_Left)
    assert googlenet.current == branches[0]
    for branch in branches[1:]:
        QTest.keyClick(googlenet, Qt.Key.Key_Right)
        assert googlenet.current == branch
    QTest.keyClick(googlenet, Qt.Key.Key_Return)
    assert branches[3] not in googlenet.folded
    QTest.keyClick(googlenet, Qt.Key.Key_End)
    assert googlenet.current == googlenet.drawn.output
    assert googlenet.rect().toRectF().contains(googlenet.box_rect(googlenet.current))
    QTest.keyClick(googlenet, Qt.Key.Key_Down)  # there is nothing below
    assert googlenet.current == googlenet.drawn.output


def test_every_box_can_be_walked_to(googlenet: GraphView) -> None:
    googlenet.fold_to(frozenset())
    reached, todo = set(), [googlenet.drawn.nodes[0].id]
    keys = (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Up)
    while todo:
        here = todo.pop()
        if here in reached:
            continue
        reached.add(here)
        for key in keys:
            googlenet._put(here)
            if target := googlenet._step(key):
                todo.append(target)
    assert reached == {node.id for node in googlenet.drawn.nodes}


def test_zoom_keys_stop_at_the_whole_and_at_a_sensible_size(googlenet: GraphView) -> None:
    for _ in range(30):
        QTest.keyClick(googlenet, Qt.Key.Key_Plus)
    assert scale(googlenet) == pytest.approx(MOST_SCALE)
    for _ in range(60):
        QTest.keyClick(googlenet, Qt.Key.Key_Minus)
    assert googlenet.viewport.fitted
    QTest.keyClick(googlenet, Qt.Key.Key_Plus)
    QTest.keyClick(googlenet, Qt.Key.Key_0)
    assert googlenet.viewport.fitted


def test_a_layer_is_found_in_folded_blocks(googlenet: GraphView) -> None:
    googlenet.fold_to(googlenet.outline.all)
    googlenet.seek("inception4c.branch3.1.bn")
    assert googlenet.current == "inception4c.branch3.1.bn"
    assert googlenet.folded == googlenet.outline.all - set(googlenet.outline.around("inception4c.branch3.1.bn"))
    assert abs(centre(googlenet, googlenet.current).y() - SIZE[1] / 2) < 2
    shown = googlenet.current
    googlenet.seek("no such layer")
    assert googlenet.current == shown


def test_the_mark_is_put_on_the_block_that_holds_a_layer(googlenet: GraphView) -> None:
    googlenet.fold_to(googlenet.outline.all)
    googlenet.mark("inception5b.branch1.conv")
    assert googlenet.current == "inception5b."
    assert googlenet.rect().toRectF().contains(googlenet.box_rect("inception5b."))
    googlenet.mark("no such layer")
    assert googlenet.current == "inception5b."


def test_folding_everything_and_back_keeps_the_mark_in_view(googlenet: GraphView) -> None:
    googlenet.seek("inception4d.cat")
    changed = QSignalSpy(googlenet.folds_changed)
    for folded in (googlenet.outline.all, frozenset[str](), googlenet.outline.default()):
        googlenet.fold_to(folded)
        assert googlenet.folded == folded
        assert googlenet.rect().toRectF().intersects(googlenet.box_rect(googlenet.current))
    assert changed.count() == 3
    googlenet.fold_to(googlenet.folded)
    assert changed.count() == 3


def test_a_screen_reader_hears_the_marked_box(googlenet: GraphView) -> None:
    googlenet.seek("conv1.conv")
    told = googlenet.accessibleDescription()
    assert "conv2d 7×7 /2" in told
    assert "9,408" in told


def test_the_overview_shows_while_there_is_more_than_fits_and_leads_there(googlenet: GraphView) -> None:
    strip = googlenet._strip_rect()
    assert not strip.isEmpty()
    below = QPointF(strip.center().x(), SIZE[1] - 4).toPoint()
    QTest.mouseClick(googlenet, Qt.MouseButton.LeftButton, pos=below)
    assert googlenet.rect().toRectF().intersects(googlenet.box_rect(googlenet.drawn.output))
    googlenet.fit()
    assert googlenet._strip_rect().isEmpty()


def grab(view: GraphView) -> QImage:
    return view.grab().toImage()


def colours(image: QImage, rect: QRect) -> set[str]:
    found = set()
    for y in range(max(rect.top(), 0), min(rect.bottom(), image.height() - 1)):
        for x in range(max(rect.left(), 0), min(rect.right(), image.width() - 1)):
            found.add(image.pixelColor(x, y).name())
    return found


def test_level_of_detail(view: GraphView) -> None:
    view.show_graph(traced("resnet152"))
    view.fold_to(frozenset())
    palette = PALETTES["dark"]
    view.fit()
    small = colours(grab(view), view.rect())
    assert palette.families["convolution"] in small
    assert palette.families["add"] in small
    view.seek("layer1.0.conv2")
    view._put("")
    rect = view.box_rect("layer1.0.conv2")
    large = colours(grab(view), rect.toRect())
    assert palette.body("convolution") in large
    inside = rect.adjusted(10, 4, -10, -4).toRect()
    assert palette.text in colours(grab(view), inside)  # its name is written in the text's colour


def test_thumbnails_show_in_large_boxes_only(view: GraphView) -> None:
    graph = traced("lenet5")
    view.show_graph(graph)
    thumbnails = {layer.id: samples.thumbnail(layer, n) for n, layer in enumerate(graph)}
    view.fit()
    view.zoom(1.0 / scale(view))
    plain = grab(view)
    view.show_thumbnails(thumbnails, "viridis")
    assert grab(view) == plain
    view.zoom(PICTURES_FROM * 1.05 / scale(view))
    view.seek("c3")
    pictured = grab(view)
    view.show_thumbnails({}, "viridis")
    assert grab(view) != pictured


@pytest.mark.parametrize("name", ["light", "dark"])
def test_colours_follow_the_theme(qapp: QApplication, googlenet: GraphView, name: str) -> None:
    theme.apply(qapp, name)
    googlenet.restyle()
    image = grab(googlenet)
    assert image.pixelColor(300, 5).name() == PALETTES[name].background == theme.current().panel


def test_the_picture_of_the_whole(googlenet: GraphView) -> None:
    image = googlenet.image(0.5)
    assert (image.width(), image.height()) == (round(googlenet.laid.width * 0.5), round(googlenet.laid.height * 0.5))
    box: Box = googlenet.laid.boxes["input"]
    x, y = box.left + 2, box.middle[1]
    assert image.pixelColor(round(x * 0.5), round(y * 0.5)).name() != PALETTES["dark"].background
    assert GraphView().image(1.0).isNull()


def test_nothing_to_show(view: GraphView) -> None:
    view.set_message("nothing yet")
    grab(view)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Plus):
        QTest.keyClick(view, key)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    view.mark("a")
    view.seek("a")
    view.toggle("a")
    view.fold_to(frozenset({"a."}))
    assert view.drawn is None
    view.set_message("")
    view.show_graph(traced("lenet5"))
    view.show_graph(None)
    grab(view)
    assert view.viewport is None


def test_a_network_of_one_op_with_an_odd_name(view: GraphView) -> None:
    layers = (Layer("input", "input", "input", (), (1,), "C"), Layer("이름\n<b>", "", "나", ("input",), (), "", macs=3))
    view.show_graph(Graph(layers, outputs=("이름\n<b>",)))
    grab(view)
    view.seek("이름\n<b>")
    assert view.current == "이름\n<b>"


def test_what_lies_outside_is_not_painted(view: GraphView) -> None:
    """Painting a small part of a large drawing costs much less than painting all of it."""
    view.show_graph(traced("densenet201"))
    view.fold_to(frozenset())
    painted = []
    for part in (view.laid.height, 600.0):
        image = QImage(700, 600, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        began = time.thread_time()
        for _ in range(3):
            view._painter.paint(painter, QRect(0, 0, round(view.laid.width), round(part)).toRectF(), 1.0)
        painted.append(time.thread_time() - began)
        painter.end()
    assert painted[1] < painted[0] / 3
