"""What the engine tells whoever listens: frozen values, no torch, no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from explorer.errors import ExplorerError
from explorer.graph.values import Graph
from explorer.recipe import Recipe
from explorer.recording.values import Filmed, MapsKept
from explorer.values import Frame, FrameResult, Source
from explorer.zoo.card import Card, Stock, WeightState
from explorer.zoo.own.card import Remark

if TYPE_CHECKING:  # the window opens without
    from explorer.questions import Answer, Question
    from explorer.receptive.analyse import Fields

Where = Literal["source", "network", "frame", "export", "engine", "device", "question", "weights"]
"""Of a problem: "device" is one that the program has already mended, by going to the CPU."""


@dataclass(frozen=True)
class NetworkInfo:
    """A loaded network, as the window needs it.

    Attributes:
        card: its facts.
        graph: its layers.
        weights: name of the loaded set, or "none".
        trained: whether the weights are trained.
        labels: name of the class list, or "".
        device: name of the device it is on.
        threads: CPU threads torch uses.
        number_type: in which it runs, in torch's word.
        transformed: whether a program's own transform makes its input, in place of the card's preparation.
        remarks: what was assumed of a person's own network.
        opened: how many were opened up to it: under the same number it is the same module, weights and all.
    """

    card: Card
    graph: Graph
    weights: str
    trained: bool
    labels: str
    device: str
    threads: int
    number_type: str = "float32"
    transformed: bool = False
    remarks: tuple[Remark, ...] = ()
    opened: int = 0


@dataclass(frozen=True)
class Catalogue:
    """What there is to choose from, once known.

    Attributes:
        cards: the zoo, with the state of each network's weights.
        devices: (name, title) of each device, the fastest first.
        stock: what there is of each set of weights, by the network's name and its own.
    """

    cards: tuple[tuple[Card, WeightState], ...]
    devices: tuple[tuple[str, str], ...]
    stock: Mapping[tuple[str, str], Stock] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """A long action goes on: ``stage`` is marked text, ``fraction`` 0 … 1 or None; a stage of "" ends it."""

    stage: str
    values: dict[str, object] = field(default_factory=dict)
    fraction: float | None = None


@dataclass(frozen=True, eq=False)
class FrameRead:
    """A still picture was read (it can be shown before the network has seen it), or the source was replaced."""

    source: Source
    frame: Frame


@dataclass(frozen=True)
class NetworkReady:
    """A network was loaded and traced."""

    network: NetworkInfo


@dataclass(frozen=True, eq=False)
class FieldsReady:
    """What the units of a loaded network see is known, or that it will not be.

    Attributes:
        network: its name.
        graph: its layers, the very ones that ``NetworkReady`` told of.
        fields: of these layers; None where they could not be worked out, of which a ``Problem`` of "engine" tells more.
    """

    network: str
    graph: Graph
    fields: Fields | None


@dataclass(frozen=True)
class Playing:
    """Where a video or a folder is; told when that changes, and at most ten times a second.

    Attributes:
        source: the video or folder.
        playing: whether it goes on by itself; False also at its end.
        position_s: of the frame that shows, seconds after the first frame.
        duration_s: from the first frame to the end of the last one, or None where nobody knows.
        index: number of that frame, from 0.
        count: how many frames there are, or None.
        fps: frames a second at speed 1, on average, or None.
        speed: how many seconds of it pass in one.
        loop: whether it begins anew at its end.
        ended: whether it stays on its last frame because there are no more.
        skipped: frames so far that were not shown because the clock had passed them.
        unreadable: names of files of a folder that were passed over, because they hold no picture that can be read.
    """

    source: Source
    playing: bool
    position_s: float
    duration_s: float | None
    index: int
    count: int | None
    fps: float | None
    speed: float
    loop: bool
    ended: bool
    skipped: int = 0
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Retrying:
    """A camera or a stream is gone and is tried again by itself, or it is there again.

    Attributes:
        source: the camera or stream.
        error: why it is gone; None where it is there again.
        again_in_s: until the next try, from ``told_s`` on; once it is over, that try goes on.
        tries: how many failed one after the other; 0 where it is there again.
        told_s: ``time.perf_counter()`` when this became true.
    """

    source: Source
    error: ExplorerError | None
    again_in_s: float
    tries: int
    told_s: float = 0.0


@dataclass(frozen=True, eq=False)
class ResultReady:
    """A frame went through the whole path; of several only the newest is delivered."""

    result: FrameResult
    dropped: int = 0


@dataclass(frozen=True)
class Problem:
    """Something failed, and where it shows; ``details`` is the traceback for the details button, or "".

    A problem of "question" tells which ``question`` it was.
    """

    where: Where
    error: ExplorerError
    recipe: Recipe | None = None
    details: str = ""
    question: Question | None = None


@dataclass(frozen=True, eq=False)
class Answered:
    """A question of the window's was answered; where it could not be, a ``Problem`` of "question" follows instead.

    Attributes:
        question: what was asked.
        answer: of a long question all that is known so far; None where nothing can be told before the end.
        fraction: how far a long one is, 0 … 1; the last answer has 1.
    """

    question: Question
    answer: Answer | None
    fraction: float = 1.0


@dataclass(frozen=True, eq=False)
class Calculated:
    """A worker has done a piece of work of the window's.

    Attributes:
        lane: in which it waited; of each lane only the newest is delivered.
        work: what was to be done.
        value: what it gave.
        error: why it gave nothing, or None.
    """

    lane: str
    work: Callable[[], object]
    value: object
    error: ExplorerError | None = None


@dataclass(frozen=True)
class Ended:
    """A long question has no further answer, because its network is gone."""

    question: Question


@dataclass(frozen=True)
class Exported:
    """Files were written."""

    paths: tuple[str, ...]


DownloadState = Literal["waiting", "running", "stopped", "failed", "done"]


@dataclass(frozen=True)
class DownloadChanged:
    """How far the download of a set of weights is, or that a file of it was imported ("done").

    Attributes:
        network, weights: their names.
        done, total: bytes; a total of 0 is not known.
        state: "stopped" was cancelled; what has come is kept then, and where it "failed" too.
        error: why it failed, or None.
    """

    network: str
    weights: str
    done: int
    total: int
    state: DownloadState
    error: ExplorerError | None = None


Event = (
    DownloadChanged
    | Calculated
    | Catalogue
    | Progress
    | FrameRead
    | NetworkReady
    | FieldsReady
    | Playing
    | Retrying
    | ResultReady
    | Problem
    | Exported
    | Filmed
    | MapsKept
    | Answered
    | Ended
)
