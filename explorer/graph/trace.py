"""A network run once, and every op seen.

A ``TorchFunctionMode`` is handed every torch function that the forward calls, as a person would write it: the functions
inside it stay hidden, so a module and its functional form are the same call with the same arguments. Hooks on every
module tell which one is running. Nothing is compiled or symbolic, so control flow that depends on data is fine: what
ran is what is shown.
"""

from __future__ import annotations

import contextlib
import os
import re
import sysconfig
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.device import no_room, out_of_memory
from explorer.errors import ExplorerError, ForwardError, contained
from explorer.graph.attributes import attributes, same_values
from explorer.graph.axes import BATCH, without_batch
from explorer.graph.call import Call, Shape, bind, distinct
from explorer.graph.letters import letters
from explorer.graph.macs import macs
from explorer.graph.values import INPUT, Graph, Layer
from explorer.graph.vocabulary import CONSTANTS, plain
from explorer.text import N_

_NEEDS_MORE = "forward() missing"
"""In Python's own sentence where a module is called with fewer inputs than it takes."""
_VOLUME = r"expected input\[{shape}\]|expected (?:4D or )?5D input \(got 4D"
"""In torch's sentence where a layer for volumes gets a batch of pictures, which it takes for one volume."""
_LIBRARIES = (str(Path(__file__).parents[1]) + os.sep, sysconfig.get_path("stdlib") + os.sep)
_INSTALLED = frozenset(("site-packages", "dist-packages"))
"""Where the code of libraries lies; what lies elsewhere is the person's own."""


def trace(module: nn.Module, example: Tensor) -> Graph:
    """Run ``module`` once and return every op it ran.

    Args:
        module: the network; run in eval mode, its training flags are as before afterwards.
        example: the input with a batch of one, (1, C, H, W); left untouched.

    Returns:
        The graph, the input first.

    Raises:
        ForwardError: the network raised.
        DeviceError: its device has not enough memory.
    """
    recorder = _Recorder(module, example := example.clone())
    with _eval(module), torch.inference_mode(), _scopes(module, recorder):
        returned = forward(module, example, recorder)
    return recorder.graph(returned)


def forward(module: nn.Module, x: Tensor, mode: contextlib.AbstractContextManager[object]) -> Any:
    """Return ``module(x)``, run under ``mode``; what the network itself raises becomes a ``ForwardError``.

    Raises:
        ForwardError: the network raised; its own message is in it.
        DeviceError: its device has not enough memory.
    """
    try:
        with contained(), mode:
            return module(x)
    except ExplorerError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise no_room(x.device) from error
        values: dict[str, object] = {}
        sentence = N_("The network stopped while it ran ({reason}). Try another input size or another network.")
        if isinstance(error, TypeError) and _NEEDS_MORE in str(error):
            sentence = N_(
                "The network takes more than a picture ({reason}): say its further inputs in its card, for example "
                'inputs = ["random:1x10"], or in “Open a network…”.'
            )
        elif x.dim() == 4 and re.search(_VOLUME.format(shape=", ".join(map(str, (1, *x.shape)))), str(error)):
            sentence = N_(
                "The network takes volumes or moving pictures ({reason}), which cannot be shown: choose a network for "
                "pictures."
            )
        elif place := _own_place(error):
            sentence = N_(
                "The network stopped in line {line} of {file} ({reason}): correct that line and open the network "
                "again, or try another picture or input size."
            )
            values = {"file": Path(place[0]).name, "line": place[1]}
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ForwardError(sentence, reason=reason, **values) from error


def _own_place(error: BaseException) -> tuple[str, int] | None:
    """Return file and line of a person's own code where an error came up; None where it came up in a library's."""
    for one in (error, error.__cause__):
        for frame, line in reversed(list(traceback.walk_tb(one.__traceback__ if one else None))):
            name = frame.f_code.co_filename
            generated = name.startswith(("<eval_with_key", "<frozen", "<string>"))
            if not generated and not name.startswith(_LIBRARIES) and not _INSTALLED.intersection(Path(name).parts):
                return name, line
    return None


def tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in nested lists, tuples, mappings and dataclass-like outputs, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from tensors(list(value.values()))
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from tensors(item)
    elif hasattr(value, "__dataclass_fields__"):
        yield from tensors([getattr(value, name) for name in value.__dataclass_fields__])


def made(func: Callable[..., Any], args: tuple[Any, ...], out: Any) -> tuple[Tensor, ...]:
    """Return the tensors that a call made or wrote: its outputs, or the x of ``x[i] = v``; () for a plain value."""
    if isinstance(out, Tensor):
        return (out,)
    if isinstance(out, list | tuple):
        return tuple(tensors(out))
    return (args[0],) if out is None and func is Tensor.__setitem__ else ()


def name_of(func: Callable[..., Any]) -> str:
    """Return a torch function's name; of a property's getter the property's."""
    name = getattr(func, "__name__", "") or str(func)
    return str(func.__self__.__name__) if name == "__get__" and hasattr(func, "__self__") else name


@dataclass(eq=False)
class _Scope:
    """One running call of a module: its path, the name of its class, and what ran in it.

    It does not hold the module: scope and rows hold one another, and the network must go as soon as it is let go.
    """

    path: str
    kind: str
    parent: _Scope | None
    inner: bool = False
    rows: list[_Row] = field(default_factory=list)
    own: frozenset[int] = frozenset()

    @property
    def leaf(self) -> bool:
        """Whether no other module ran inside, so that its ops are what the module is."""
        return bool(self.path) and not self.inner


@dataclass(eq=False)
class _Row:
    """One op before it has a name."""

    call: Call
    scope: _Scope
    inputs: tuple[int, ...]
    position: tuple[int, int]
    axes: str
    parameters: int
    uses_own: bool


class _Recorder(TorchFunctionMode):
    """Writes a row for every call whose result derives from the network's input."""

    def __init__(self, module: nn.Module, example: Tensor) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.rows: list[_Row] = []
        self.scope = _Scope("", "", None, own=frozenset(map(id, module.parameters())))
        self._example = Shape(example.shape)
        self._letters = _usual(example)
        self._alive: list[Any] = [example]
        self._rows_of: dict[int, tuple[int, ...]] = {id(example): (-1,)}
        self._axes_of: dict[int, str] = {id(example): self._letters}
        self._weights_of: dict[int, frozenset[int]] = {}
        self._sizes = {id(p): p.numel() for p in module.parameters()}
        self._uncounted = set(self._sizes)
        self._same_storage: dict[int, dict[int, Tensor]] = {}
        self._writes: Counter[int] = Counter()
        self._know(example)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the call, then write down what it was."""
        kwargs = kwargs or {}
        before = [tuple(t.shape) for t in tensors((args, kwargs))]
        axes = {id(t): self._axes_of.get(id(t), "") for t in tensors((args, kwargs))}
        out = func(*args, **kwargs)
        if results := made(func, args, out):
            self.calls.append(name_of(func))
            self._alive.append((args, kwargs, out))
            self._record(plain(name_of(func)), args, kwargs, results, before, axes)
        return out

    def _record(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        results: tuple[Tensor, ...],
        before: list[tuple[int, ...]],
        axes: dict[int, str],
    ) -> None:
        given = list(tensors((args, kwargs)))
        weights = frozenset[int]().union(*(self._weights(t) for t in given))
        known = [(t, shape) for t, shape in zip(given, before, strict=True) if id(t) in self._rows_of]
        if not known or name in CONSTANTS:
            for t in results:
                self._weights_of[id(t)] = weights
                self._know(t)
            return
        through_view, inputs = self._inputs(name, given, [t for t, _ in known])
        args, kwargs = _shaped((args, kwargs), iter(before))
        name = distinct(name, args, kwargs)
        bound, sources = bind(name, args, kwargs), [shape for _, shape in known]
        pieces, whole = [tuple(t.shape) for t in results], [axes[id(t)] for t, _ in known]
        places = [i for i, t in enumerate(given) if id(t) in self._rows_of]
        calls = [
            Call(name, bound, args[1:], sources, whole, places, pieces[i], i, pieces, str(t.dtype)[6:], through_view)
            for i, t in enumerate(results)
        ]
        if same_values(calls[0]) and results[0].dtype.is_floating_point:
            self._alias(results[0], known[0][0], letters(calls[0]))
            return
        counted = sum(self._sizes[p] for p in weights & self._uncounted)
        self._uncounted -= weights
        for call, result in zip(calls, results, strict=True):
            position = len(self.calls) - 1, call.piece
            uses_own = bool(weights & self.scope.own)
            row = _Row(call, self.scope, inputs, position, letters(call), counted, uses_own)
            counted = 0
            self.rows.append(row)
            self.scope.rows.append(row)
            self._bind(result, len(self.rows) - 1, row.axes, written=any(result is t for t in given))

    def _alias(self, result: Tensor, source: Tensor, axes: str) -> None:
        """Let ``result`` be another name for what ``source`` means."""
        self._rows_of[id(result)] = self._rows_of[id(source)]
        self._writes[id(result)] = self._writes[id(source)]
        self._axes_of[id(result)] = axes
        self._know(result)

    def _inputs(self, name: str, given: list[Tensor], known: list[Tensor]) -> tuple[bool, tuple[int, ...]]:
        """Whether one of the ``known`` inputs was written through another view, and the rows they derive from.

        ``y[i] += 1`` writes a view of y and then puts it back into y where it lies already: of y, that setitem takes
        what it was before.
        """
        rows = [self._rows_of[id(t)] for t in known]
        writes = [self._writes[id(t)] for t in known]
        if name == "setitem" and len(known) == 2 and known[1] is given[-1] and _storage(known[0]) == _storage(known[1]):
            before = tuple(row for row in rows[0] if row not in rows[1])
            if writes == [1, 0] and len(before) == 1:
                rows[0], writes[0] = before, 0
        return any(writes), tuple(row for group in rows for row in group)

    def _weights(self, t: Tensor) -> frozenset[int]:
        """The network's parameters that a tensor is or was made from."""
        return frozenset((id(t),)) if id(t) in self._sizes else self._weights_of.get(id(t), frozenset())

    def _know(self, t: Tensor) -> None:
        self._same_storage.setdefault(_storage(t), {})[id(t)] = t

    def _bind(self, result: Tensor, row: int, axes: str, written: bool) -> None:
        """Let ``result`` mean ``row`` from now on, and where it was written in place, so do tensors that share its
        memory.

        A tensor that shares only a part of it derives from both rows afterwards, and a constant from then on too. What
        lies where in it is not written down.
        """
        if written:
            for other in self._same_storage.get(_storage(result), {}).values():
                if other is result or id(other) in self._sizes:
                    continue
                same = _view(other) == _view(result)
                written_here = np.ones(1, bool) if same else _cells(result)[_cells(other)]
                if not written_here.any():
                    continue
                before = () if written_here.all() else self._rows_of.get(id(other), ())
                self._rows_of[id(other)] = tuple(dict.fromkeys((*before, row)))
                self._writes[id(other)] = 0 if same else self._writes[id(other)] + 1
                self._axes_of.setdefault(id(other), _usual(other))
        self._rows_of[id(result)] = (row,)
        self._writes[id(result)] = 0
        self._axes_of[id(result)] = axes
        self._know(result)

    def graph(self, returned: Any) -> Graph:
        """Return the rows as a graph, each with its name."""
        names = [self._name(row) for row in self.rows]
        seen: Counter[str] = Counter()
        ids = {-1: INPUT}
        taken = {INPUT}
        for i, name in enumerate(names):
            unique = name
            while unique in taken or not seen[name]:
                seen[name] += 1
                unique = name if seen[name] == 1 else f"{name}:{seen[name]}"
            taken.add(unique)
            ids[i] = unique
        axes, shape = without_batch(self._letters, self._example)
        layers = [Layer(INPUT, INPUT, INPUT, (), shape, axes)]
        for i, row in enumerate(self.rows):
            axes, shape = without_batch(row.axes, row.call.out)
            layers.append(
                Layer(
                    id=ids[i],
                    name=names[i],
                    op=row.call.word,
                    inputs=tuple(ids[j] for j in row.inputs),
                    output=shape,
                    axes=axes,
                    parameters=row.parameters,
                    macs=macs(row.call) if row.call.piece == 0 else 0,
                    attributes=attributes(row.call),
                    module=row.scope.kind,
                    block=row.scope.path.rpartition(".")[0] if row.scope.leaf else row.scope.path,
                    call=row.position,
                )
            )
        outputs = [ids[row] for t in main_first(returned) for row in self._rows_of.get(id(t), ())]
        return Graph(tuple(layers), tuple(self.calls), tuple(dict.fromkeys(outputs)))

    def _name(self, row: _Row) -> str:
        """The module's path for the op that a leaf module is, else path and op."""
        scope, op = row.scope, row.call.word
        if scope.leaf:
            using = [r for r in scope.rows if r.uses_own and r.call.piece == 0]
            if len(scope.rows) == 1 or using == [row]:
                return scope.path
        return f"{scope.path}.{op}" if scope.path else op


def main_first(returned: Any) -> list[Tensor]:
    """Return the tensors that a network returned; "out" or "logits" of a mapping or named tuple come first."""
    found = list(tensors(returned))
    for name in ("out", "logits"):
        main = returned.get(name) if isinstance(returned, Mapping) else getattr(returned, name, None)
        if isinstance(main, Tensor) and not isinstance(returned, Tensor):
            return [main, *(t for t in found if t is not main)]
    return found


def _usual(t: Tensor) -> str:
    """Return the axes that a tensor of such a rank usually has, the batch first."""
    return BATCH + {4: "CHW", 3: "CL", 2: "C", 5: "CDHW"}.get(t.dim(), "?" * (t.dim() - 1)) if t.dim() else ""


def _storage(t: Tensor) -> int:
    """Return what tells a tensor's memory from others'; its address would not where there is none (meta device)."""
    return int(t.untyped_storage()._cdata)


def _view(t: Tensor) -> tuple[object, ...]:
    """Return what tells where in its memory a tensor lies, and how."""
    return t.dtype, t.storage_offset(), tuple(t.shape), t.stride()


def _cells(t: Tensor) -> NDArray[np.bool_]:
    """Return which bytes of its memory a tensor takes."""
    found = np.zeros(t.untyped_storage().nbytes(), bool)
    size = t.element_size()
    strides = (*(stride * size for stride in t.stride()), 1)
    np.lib.stride_tricks.as_strided(found[t.storage_offset() * size :], (*t.shape, size), strides)[...] = True
    return found


def _shaped(value: Any, shapes: Iterator[tuple[int, ...]]) -> Any:
    """Return ``value`` with every tensor replaced by its shape before the call, taken in the order of ``tensors``."""
    if isinstance(value, Tensor):
        return Shape(next(shapes))
    if isinstance(value, Mapping):
        return {key: _shaped(item, shapes) for key, item in value.items()}
    if isinstance(value, list):
        return [_shaped(item, shapes) for item in value]
    if type(value) is tuple:
        return tuple(_shaped(item, shapes) for item in value)
    return value


@contextlib.contextmanager
def _eval(module: nn.Module) -> Iterator[None]:
    training = [m for m in module.modules() if m.training]
    module.eval()
    try:
        yield
    finally:
        for m in training:
            m.training = True


@contextlib.contextmanager
def _scopes(module: nn.Module, recorder: _Recorder) -> Iterator[None]:
    """Tell ``recorder`` which module runs, by hooks on every module; they are gone afterwards, whatever happens."""

    def enter(path: str) -> Callable[..., None]:
        def hook(running: nn.Module, _args: Any) -> None:
            parametrization = ".parametrizations." in f".{path}."
            recorder.scope.inner = recorder.scope.inner or not parametrization
            recorder.scope = _Scope(
                path, type(running).__name__, recorder.scope, own=frozenset(map(id, running.parameters()))
            )

        return hook

    def leave(_module: nn.Module, _args: Any, _out: Any) -> None:
        recorder.scope = recorder.scope.parent or recorder.scope

    handles: list[Any] = []
    try:
        for path, m in _named(module):
            handles.append(m.register_forward_pre_hook(enter(path)))
            handles.append(m.register_forward_hook(leave, always_call=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _named(module: nn.Module) -> Iterable[tuple[str, nn.Module]]:
    return ((path, m) for path, m in module.named_modules() if path)
