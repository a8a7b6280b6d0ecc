"""ONNX files against ONNX' own reference evaluator, and what such a file may not do."""

from __future__ import annotations

import builtins
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnx2torch")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from explorer.errors import NetworkError  # noqa: E402
from explorer.graph.trace import trace  # noqa: E402
from explorer.zoo.own import onnx as room  # noqa: E402
from explorer.zoo.own.adapt import adapt  # noqa: E402

FLOAT = TensorProto.FLOAT


def weights(name: str, *shape: int) -> Any:
    values = np.random.default_rng(len(name)).normal(size=shape).astype(np.float32) * 0.3
    return numpy_helper.from_array(values, name)


def model(
    nodes: list[Any],
    initializers: list[Any] = [],  # noqa: B006
    x: Any = (1, 3, 8, 8),
    y: Any = None,
    opset: int = 20,
    kind: int = FLOAT,
    more: list[Any] = [],  # noqa: B006
    last: str = "y",
) -> Any:
    inputs = [helper.make_tensor_value_info("x", kind, x), *more]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info(last, FLOAT, y)], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def small(opset: int = 20, **more: Any) -> Any:
    """Return a classifier in the words of later ONNX: an Identity of weights, a mean with its axes as an input."""
    nodes = [
        helper.make_node("Identity", ["w"], ["w2"], name="tied"),
        helper.make_node("Conv", ["x", "w2", "b"], ["c"], name="/layer1/layer1.0/conv/Conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], name="/layer1/relu/Relu"),
        helper.make_node("ReduceMean", ["r", "axes"], ["m"], name="/pool/ReduceMean", keepdims=0),
        helper.make_node("Gemm", ["m", "f"], ["g"], name="/fc/Gemm"),
        helper.make_node("Softmax", ["g"], ["y"], name="/Softmax", axis=1),
    ]
    axes = numpy_helper.from_array(np.array([2, 3], np.int64), "axes")
    return model(
        nodes, [weights("w", 4, 3, 3, 3), weights("b", 4), weights("f", 4, 5), axes], y=(1, 5), opset=opset, **more
    )


def saved(made: Any, folder: Path, name: str = "a.onnx") -> Path:
    path = folder / name
    onnx.save(made, str(path))
    return path


def both(made: Any, path: Path, *more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what our network and ONNX' own evaluator answer to the same noise."""
    own = room.guess(path).own
    channels, height, width = own.preparation.input_chw
    x = np.random.default_rng(1).normal(size=(1, channels, height, width)).astype(np.float32)
    values = [one.name for one in made.graph.input if one.name not in {w.name for w in made.graph.initializer}]
    expected = ReferenceEvaluator(made).run(None, dict(zip(values, (x, *more), strict=True)))[0]
    with torch.inference_mode():
        ours = adapt(room.open(path, own), own)(torch.from_numpy(x))
    return ours.numpy(), expected


def test_it_answers_as_the_reference_does_and_is_called_as_the_exporter_did(tmp_path: Path) -> None:
    made = small()
    path = saved(made, tmp_path, "한글 이름.onnx")
    ours, expected = both(made, path)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)
    graph = trace(room.open(path, room.guess(path).own), torch.zeros(1, 3, 8, 8))
    assert [(layer.id, layer.op) for layer in graph][:3] == [
        ("input", "input"),
        ("layer1.0.conv.Conv", "conv2d"),
        ("layer1.relu.Relu", "relu"),
    ]


@pytest.mark.parametrize("opset", [13, 17, 18, 21])
def test_every_version_of_a_mean_means_the_same(tmp_path: Path, opset: int) -> None:
    more = ["axes"] if opset >= 18 else []
    node = helper.make_node("ReduceMean", ["x", *more], ["y"], keepdims=1, **({} if more else {"axes": [2, 3]}))
    axes = [numpy_helper.from_array(np.array([2, 3], np.int64), "axes")] if more else []
    made = model([node], axes, y=(1, 3, 1, 1), opset=opset)
    ours, expected = both(made, saved(made, tmp_path))
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("nodes", "initializers"),
    [
        ([helper.make_node("Split", ["x"], ["y", "z"], axis=2, num_outputs=2)], []),
        ([helper.make_node("Split", ["x"], ["y", "z", "w"], axis=2, num_outputs=3)], []),
        ([helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], []),
        ([helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2])], []),
        (
            [helper.make_node("Resize", ["x", "", "s"], ["y"], mode="nearest")],
            [numpy_helper.from_array(np.array([1, 1, 3, 3], np.float32), "s")],
        ),
        (
            [helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear")],
            [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "s")],
        ),
        (
            [
                helper.make_node(
                    "Resize",
                    ["x", "", "s"],
                    ["y"],
                    mode="nearest",
                    nearest_mode="floor",
                    coordinate_transformation_mode="asymmetric",
                )
            ],
            [numpy_helper.from_array(np.array([1, 1, 1.5, 1.5], np.float32), "s")],
        ),
        (
            [helper.make_node("Pad", ["x", "p"], ["y"])],
            [numpy_helper.from_array(np.array([0, 0, 1, 2, 0, 0, 3, 4], np.int64), "p")],
        ),
    ],
    ids=lambda value: value[0].op_type if value and hasattr(value[0], "op_type") else "",
)
def test_ops_that_later_versions_changed(tmp_path: Path, nodes: list[Any], initializers: list[Any]) -> None:
    made = model(nodes, initializers)
    ours, expected = both(made, saved(made, tmp_path))
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_an_old_file_whose_weights_are_inputs_too(tmp_path: Path) -> None:
    """As the first model zoo's are, before version 4 of the format."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("BatchNormalization", ["c", "s", "b", "m", "v"], ["y"]),
    ]
    ones = numpy_helper.from_array(np.full(4, 1.5, np.float32), "v")
    initial = [weights("w", 4, 3, 3, 3), weights("s", 4), weights("b", 4), weights("m", 4), ones]
    more = [helper.make_tensor_value_info(one.name, FLOAT, list(one.dims)) for one in initial]
    made = model(nodes, initial, y=(1, 4, 6, 6), opset=7, more=more)
    made.ir_version = 3
    path = saved(made, tmp_path)
    later = model(nodes, initial, y=(1, 4, 6, 6), opset=15)  # means the same; before 14 the evaluator trains
    ours, expected = both(later, path)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_channels_last_bytes_and_further_inputs(tmp_path: Path) -> None:
    """As TensorFlow exports: bytes (N, H, W, 3), and the picture need not come first."""
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=FLOAT),
        helper.make_node("Mul", ["f", "k"], ["y"]),
    ]
    other = helper.make_tensor_value_info("k", FLOAT, (1, 1))
    made = model(nodes, x=(1, 6, 5, 3), kind=TensorProto.UINT8, more=[other])
    made.graph.input.insert(0, made.graph.input.pop())
    path = saved(made, tmp_path)
    guess = room.guess(path)
    assert guess.own.preparation.input_chw == (3, 6, 5)
    assert guess.own.preparation.full == 255.0
    assert guess.own.inputs == ("=zeros:1x1",)
    module = room.open(path, guess.own)
    x = torch.arange(90.0).reshape(1, 3, 6, 5)
    assert torch.equal(module(x, torch.full((1, 1), 2.0)), 2 * x.permute(0, 2, 3, 1))


def test_what_the_file_says_and_what_it_leaves_open(tmp_path: Path) -> None:
    guess = room.guess(saved(small(x=("N", 3, "H", "W")), tmp_path))
    assert guess.own.preparation.input_chw == (3, 224, 224)
    assert guess.certainty["input_chw"] == "guess"
    assert [str(one) for one in guess.remarks] == ["The file leaves the input's size open: 224 × 224 is taken."]
    assert (guess.own.task, guess.own.activation) == ("classify", "none")  # its last op makes probabilities already
    guess = room.guess(saved(small(), tmp_path))
    assert guess.own.preparation.input_chw == (3, 8, 8)
    assert (guess.certainty["input_chw"], guess.remarks) == ("sure", ())


def test_several_answers_are_named_and_one_is_chosen_by_its_number(tmp_path: Path) -> None:
    nodes = [helper.make_node("Split", ["x"], ["y", "z"], axis=1), helper.make_node("Neg", ["x"], ["n"])]
    made = model(nodes, x=(1, 4, 8, 8), opset=13)
    for name in ("z", "n"):
        made.graph.output.append(helper.make_tensor_value_info(name, FLOAT, None))
    path = saved(made, tmp_path)
    guess = room.guess(path)
    assert str(guess.remarks[0]).endswith("can be the output: 0 (y), 1 (z), 2 (n).")
    values = np.random.default_rng(0).normal(size=(1, 4, 8, 8)).astype(np.float32)
    expected = ReferenceEvaluator(made).run(None, {"x": values})
    for place, one in enumerate(expected):
        module = adapt(room.open(path, guess.own), replace(guess.own, output=str(place)))
        np.testing.assert_array_equal(module(torch.from_numpy(values)).numpy(), one)


# what cannot be opened


def refused(path: Path) -> str:
    with pytest.raises(NetworkError) as caught:
        room.open(path, room.guess(path).own)
    return str(caught.value)


def test_every_op_that_cannot_be_converted_is_named(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Gelu", ["x"], ["a"]),
        helper.make_node("Own", ["a"], ["b"], domain="com.example"),
        helper.make_node("Gelu", ["b"], ["y"]),
    ]
    made = model(nodes)
    made.opset_import.append(helper.make_opsetid("com.example", 1))
    assert "cannot be converted: Gelu, com.example.Own." in refused(saved(made, tmp_path))
    resize = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear", antialias=1)
    sizes = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "s")
    assert "Resize (antialias)" in refused(saved(model([resize], [sizes]), tmp_path))


def test_a_resize_that_torch_would_do_otherwise_is_refused_not_approximated(tmp_path: Path) -> None:
    """Half a pixel off: torch rounds the place of the nearest cell down, ONNX to the nearer one."""
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="nearest")
    made = model([node], [numpy_helper.from_array(np.array([1, 1, 0.4, 0.4], np.float32), "s")], opset=13)
    assert "Resize (nearest, half_pixel, round_prefer_floor)" in refused(saved(made, tmp_path))
    values = np.arange(192, dtype=np.float32).reshape(1, 3, 8, 8)
    there = ReferenceEvaluator(made).run(None, {"x": values})[0]
    torchs = torch.nn.functional.interpolate(torch.from_numpy(values), scale_factor=0.4, mode="nearest").numpy()
    assert not np.array_equal(there, torchs)


@pytest.mark.parametrize("data", [b"", b"not a network", b"\x08\x09" * 40, bytes(1000)])
def test_broken_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(data)
    assert "holds no whole ONNX network" in refused(path)


def test_a_truncated_file(tmp_path: Path) -> None:
    whole = saved(small(), tmp_path).read_bytes()
    path = tmp_path / "b.onnx"
    path.write_bytes(whole[: len(whole) // 2])
    assert "b.onnx" in refused(path)


def test_a_network_that_takes_no_picture(tmp_path: Path) -> None:
    made = model([helper.make_node("Relu", ["x"], ["y"])], x=(1, 10))
    assert "takes no picture (its inputs are 1×10)" in refused(saved(made, tmp_path))


def test_a_node_whose_name_is_code_runs_nothing(tmp_path: Path) -> None:
    """The converter pastes names into code; a quote in one would end its string there."""
    marker = tmp_path / "marker"
    code = f'a"), open("{marker}".replace("|", "/"), "w"), getattr(self, "a'.replace("/", "|").replace(".", "·")
    made = model([helper.make_node("Relu", ["x"], ["y"], name=code)])
    path = saved(made, tmp_path)
    module = room.open(path, room.guess(path).own)
    module(torch.zeros(1, 3, 8, 8))
    assert not marker.exists()
    assert all(name.replace("_", "").replace(".", "").isalnum() for name, _module in module.named_modules() if name)


def test_the_converter_alone_would_have_run_it(tmp_path: Path) -> None:
    """The test above tests something."""
    from onnx2torch import convert

    code = 'a"), print("ran"), getattr(self, "a'
    made = model([helper.make_node("Relu", ["x"], ["y"], name=code)])
    assert 'print("ran")' in convert(made).code


def test_weights_beside_the_file_are_read_and_no_others(tmp_path: Path) -> None:
    made, folder = small(), tmp_path / "net"
    folder.mkdir()
    path = folder / "a.onnx"
    onnx.save(made, str(path), save_as_external_data=True, location="a.bin", size_threshold=0)
    ours, expected = both(small(), path)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)
    (folder / "a.bin").rename(tmp_path / "a.bin")
    assert "keeps its weights in a.bin, which is not there" in refused(path)
    (folder / "a.bin").symlink_to(tmp_path / "a.bin")
    assert "which is not in its folder" in refused(path)
    (folder / "a.bin").unlink()
    for where in ("../a.bin", str(tmp_path / "a.bin")):
        data = onnx.load(str(path), load_external_data=False)
        for tensor in data.graph.initializer:
            for entry in tensor.external_data:
                if entry.key == "location":
                    entry.value = where
        (folder / "b.onnx").write_bytes(data.SerializeToString())
        assert "which is not in its folder" in refused(folder / "b.onnx")


def test_nodes_of_one_name_and_names_that_torch_needs_itself(tmp_path: Path) -> None:
    names = ["a", "a", "a/b", "forward", "initializers", "", "", "0"]
    nodes = [
        helper.make_node("Relu" if i % 2 else "Neg", [f"v{i}" if i else "x"], [f"v{i + 1}"], name=name)
        for i, name in enumerate(names)
    ]
    made = model(nodes, last=f"v{len(names)}")
    path = saved(made, tmp_path)
    ours, expected = both(made, path)
    np.testing.assert_array_equal(ours, expected)
    graph = trace(room.open(path, room.guess(path).own), torch.zeros(1, 3, 8, 8))
    assert len({layer.name for layer in graph}) == len(names) + 1


def test_without_the_packages_the_line_that_gets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(small(), tmp_path)
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.split(".")[0] in ("onnx", "onnx2torch"):
            raise ModuleNotFoundError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NetworkError, match="pip install onnx onnx2torch"):
        room.guess(path)


def test_what_torch_itself_exports(tmp_path: Path) -> None:
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.BatchNorm2d(8),
        torch.nn.Hardswish(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(8, 4),
    ).eval()
    path = tmp_path / "torch.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the old exporter needs no further package
        torch.onnx.export(network, (torch.zeros(1, 3, 16, 16),), str(path), dynamo=False)
    x = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(room.open(path, room.guess(path).own)(x), network(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("second", "op", "answer"),
    [("logits", "Relu", "1"), ("y2", "Gemm", "1"), ("y2", "Relu", "")],
)
def test_of_several_outputs_the_answer_is_called_so_or_a_fully_connected_layer_gives_it(
    tmp_path: Path, second: str, op: str, answer: str
) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["y"], name="conv"),
        helper.make_node("GlobalAveragePool", ["y"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["f"], name="flat"),
        helper.make_node(op, ["f", "g"] if op == "Gemm" else ["f"], [second], name="last"),
    ]
    made = model(nodes, [weights("w", 4, 3, 3, 3), weights("g", 4, 7)], y=(1, 4, 6, 6))
    made.graph.output.append(helper.make_tensor_value_info(second, FLOAT, (1, 7 if op == "Gemm" else 4)))
    path = tmp_path / "two.onnx"
    onnx.save(made, str(path))
    own = room.guess(path).own
    assert (own.output, own.task) == (answer, "classify" if answer else "segment")
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    (first, last) = ReferenceEvaluator(made).run(None, {"x": x.numpy()})
    found = adapt(room.open(path, own), own)(x)
    expected = last if answer else first
    assert np.allclose((found if answer else found[0]).detach().numpy(), expected, atol=1e-5)
