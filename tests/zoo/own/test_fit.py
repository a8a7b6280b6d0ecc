"""Tensors find their network; what was changed before training is changed here too, and the outputs are the same."""

from __future__ import annotations

import argparse
import collections
import os
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from explorer.errors import NetworkError
from explorer.zoo import own, registry
from explorer.zoo.own import heads
from explorer.zoo.own.fit import fit


def trained(network: nn.Module) -> nn.Module:
    """Give a network numbers that tell its layers apart, batch norms too."""
    torch.manual_seed(1)
    for one in network.modules():
        if isinstance(one, nn.BatchNorm1d | nn.BatchNorm2d):
            one.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            one.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    return network.eval()


def opened(network: nn.Module, folder: Path, wrap: Callable[[dict[str, Tensor]], Any] = dict) -> own.Opened:
    """Save, open, and compare: what is opened answers as the original."""
    file = folder / "my net.pth"
    torch.save(wrap(trained(network).state_dict()), file)
    found = own.open(str(file))
    x = torch.rand(2, *found.own.preparation.input_chw, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(found.module(x), network(x), rtol=0, atol=0)
    assert not found.module.training
    assert not any(one.is_meta for one in (*found.module.parameters(), *found.module.buffers()))
    return found


def prefixed(*prefixes: str) -> Callable[[dict[str, Tensor]], Any]:
    return lambda state: {"".join(prefixes) + name: one for name, one in state.items()}


@pytest.mark.parametrize(
    "wrap",
    [
        dict,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state},
        lambda state: {"model_state_dict": state, "optimizer_state_dict": {"state": {}, "param_groups": []}},
        lambda state: {"state_dict_ema": state},
        lambda state: {"net": {"module": state}},
        prefixed("module."),
        prefixed("_orig_mod."),
        prefixed("module.", "_orig_mod."),
        prefixed("model.", "backbone."),
        prefixed("net."),
        prefixed("whatever_it_is."),
        lambda state: {"state_dict": prefixed("module.")(state), "loss.weight": torch.ones(3)},
    ],
)
def test_nested_and_prefixed(tmp_path: Path, wrap: Callable[[dict[str, Tensor]], Any]) -> None:
    found = opened(models.shufflenet_v2_x0_5(num_classes=7), tmp_path, wrap)
    assert found.own.architecture == "shufflenet_v2_x0_5"
    assert found.own.title == "my net"


def test_half_precision_becomes_float32(tmp_path: Path) -> None:
    network = trained(models.shufflenet_v2_x0_5())
    state = {name: one.half() if one.is_floating_point() else one for name, one in network.state_dict().items()}
    torch.save(state, tmp_path / "half.pth")
    module = own.open(str(tmp_path / "half.pth")).module
    assert {one.dtype for one in module.parameters()} == {torch.float32}
    assert torch.equal(module.fc.weight, network.fc.weight.half().float())  # type: ignore[union-attr, operator]


def other_head(network: Any, name: str, head: nn.Module) -> nn.Module:
    setattr(network, name, head)
    return network  # type: ignore[no-any-return]


class Own(nn.Module):
    """A network of a person's own around one of torchvision's."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = models.shufflenet_v2_x0_5()
        self.backbone.fc = nn.Identity()  # type: ignore[assignment]
        self.head = nn.Sequential(nn.Linear(1024, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("make", "architecture", "classes", "remark"),
    [
        (lambda: models.shufflenet_v2_x0_5(num_classes=3), "shufflenet_v2_x0_5", 3, ""),
        (lambda: models.squeezenet1_1(num_classes=4), "squeezenet1_1", 4, ""),
        (lambda: models.mobilenet_v3_small(num_classes=5), "mobilenet_v3_small", 5, ""),
        (lambda: models.mnasnet0_5(num_classes=6), "mnasnet0_5", 6, ""),
        (lambda: models.regnet_y_400mf(num_classes=2), "regnet_y_400mf", 2, ""),
        (lambda: models.densenet121(num_classes=2), "densenet121", 2, ""),
        (lambda: models.efficientnet_b0(num_classes=8), "efficientnet_b0", 8, ""),
        (lambda: models.resnet18(num_classes=1), "resnet18", 1, ""),
        (
            lambda: other_head(
                models.resnet18(),
                "fc",
                nn.Sequential(nn.Dropout(0.5), nn.Linear(512, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 3)),
            ),
            "resnet18",
            3,
            "“fc” is rebuilt from its tensors: Linear 512 → 64, ReLU, Linear 64 → 3",
        ),
        (
            lambda: other_head(
                models.shufflenet_v2_x0_5(),
                "fc",
                nn.Sequential(nn.Linear(1024, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 9)),
            ),
            "shufflenet_v2_x0_5",
            9,
            "Linear 1024 → 64, BatchNorm1d, ReLU, Linear 64 → 9",
        ),
        (
            lambda: other_head(
                models.shufflenet_v2_x0_5(),
                "fc",
                nn.Sequential(
                    collections.OrderedDict(first=nn.Linear(1024, 64, bias=False), act=nn.ReLU(), last=nn.Linear(64, 2))
                ),
            ),
            "shufflenet_v2_x0_5",
            2,
            "Linear 1024 → 64, ReLU, Linear 64 → 2",
        ),
        (
            lambda: other_head(models.shufflenet_v2_x0_5(), "fc", nn.Sequential(nn.Linear(1024, 8), nn.Linear(8, 2))),
            "shufflenet_v2_x0_5",
            2,
            "Linear 1024 → 8, Linear 8 → 2",
        ),
        (lambda: other_head(models.mnasnet0_5(), "classifier", nn.Linear(1280, 4)), "mnasnet0_5", 4, ""),
        (
            lambda: other_head(
                models.mnasnet0_5(), "classifier", nn.Sequential(nn.Dropout(), nn.Dropout(), nn.Linear(1280, 4))
            ),
            "mnasnet0_5",
            4,
            "",
        ),
        (Own, "shufflenet_v2_x0_5", 3, "“head” of the file is taken for the network's head"),
        (lambda: other_head(models.resnet18(), "fc", nn.Identity()), "resnet18", 0, "holds no head"),
        (lambda: other_head(models.resnet18(), "fc", nn.Linear(512, 5, bias=False)), "resnet18", 5, ""),
    ],
)
def test_heads(tmp_path: Path, make: Callable[[], nn.Module], architecture: str, classes: int, remark: str) -> None:
    found = opened(make(), tmp_path)
    assert found.own.architecture == architecture
    assert found.own.task == ("classify" if classes else "none")
    assert found.own.activation == ("sigmoid" if classes == 1 else "softmax")
    assert found.own.labels == ""
    said = " ".join(map(str, found.report))
    assert remark in said
    assert bool(remark) == bool(said)


@pytest.mark.parametrize("channels", [1, 4])
def test_another_first_convolution(tmp_path: Path, channels: int) -> None:
    network = models.shufflenet_v2_x0_5(num_classes=3)
    network.conv1[0] = nn.Conv2d(channels, 24, 3, 2, 1, bias=False)
    made = opened(network, tmp_path).own.preparation
    assert made.input_chw == (channels, 224, 224)
    assert len(made.mean) == len(made.std) == channels


def test_a_vision_transformer_of_another_size(tmp_path: Path) -> None:
    from explorer.zoo.own import state

    network = models.vit_b_32(image_size=64, num_classes=3)
    torch.save(network.state_dict(), tmp_path / "vit.pth")
    assert state.guess(tmp_path / "vit.pth").own.preparation.input_chw == (3, 64, 64)


def test_a_segmentation_network_without_auxiliary_head_is_not_taken_for_its_backbone() -> None:
    with torch.device("meta"):
        network = models.segmentation.fcn_resnet50(weights=None, weights_backbone=None, num_classes=4)
    state = {name: torch.zeros(one.shape) for name, one in network.state_dict().items()}
    found = fit([("", state)], "", Path("a.pth"))
    assert found.card.name == "fcn_resnet50"
    assert tuple(found.module.get_submodule("classifier.4").weight.shape) == (4, 512, 1, 1)  # type: ignore[union-attr, arg-type]


def test_segmentation_with_other_classes_and_no_auxiliary_head(tmp_path: Path) -> None:
    network = models.segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=5).eval()
    torch.save(network.state_dict(), tmp_path / "seg.pth")
    found = own.open(str(tmp_path / "seg.pth"))
    assert (found.own.architecture, found.own.task, found.own.labels) == (
        "lraspp_mobilenet_v3_large",
        "segment",
        "",
    )
    x = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(found.module(x)["out"], network(x)["out"], rtol=0, atol=0)


def test_a_detector_of_other_classes() -> None:
    network = models.detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=5).eval()
    found = fit(tensors(network), "", Path("net.pth"))
    assert found.card.name == "ssdlite320_mobilenet_v3_large"
    x = [torch.rand(3, 96, 96, generator=torch.Generator().manual_seed(0))]
    with torch.inference_mode():
        made, wanted = found.module(x)[0], network(x)[0]
    assert len(wanted["labels"]) > 0
    for name, one in wanted.items():
        torch.testing.assert_close(made[name], one)


def test_a_googlenet_says_what_its_file_cannot_tell(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = models.googlenet(aux_logits=False, init_weights=False, num_classes=4)
    found = opened(network, tmp_path)
    assert "transform_input" in str(found.report[-1])


def test_weights_of_the_usual_classes_keep_their_names(tmp_path: Path) -> None:
    assert opened(models.shufflenet_v2_x0_5(), tmp_path).own.labels == "imagenet1k"


def test_a_list_of_classes_beside_the_network_is_taken_if_its_number_fits(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    (tmp_path / "classes.txt").write_text("고양이\n개\n", encoding="utf-8")
    found = opened(models.shufflenet_v2_x0_5(num_classes=2), tmp_path)
    assert found.own.labels == str(tmp_path / "classes.txt")


def tensors(network: nn.Module) -> list[tuple[str, dict[str, Tensor]]]:
    return [("", dict(network.state_dict()))]


def test_another_architecture_is_refused_with_the_nearest_and_the_reasons() -> None:
    network = models.resnet18()
    network.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)  # as people do it for CIFAR
    with pytest.raises(NetworkError) as caught:
        fit(tensors(network), "", Path("net.pth"))
    said = str(caught.value)
    assert "the nearest is ResNet-18" in said or "the nearest is ResNet18" in said
    assert "another shape (1): conv1.weight has 64×3×3×3, not 64×3×7×7" in said


def test_tensors_of_no_network_here() -> None:
    with pytest.raises(NetworkError, match="belong to no network here"):
        fit(tensors(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8, 2))), "", Path("net.pth"))


def test_a_wrong_choice_says_what_is_missing() -> None:
    with pytest.raises(NetworkError, match=r"do not belong to .*missing \(\d+\): .*of no layer \(\d+\): "):
        fit(tensors(models.squeezenet1_1()), "resnet18", Path("net.pth"))


def test_too_much_that_has_no_layer_is_another_network() -> None:
    state = dict(models.shufflenet_v2_x0_5().state_dict())
    extra = {f"neck.{n}.weight": torch.zeros(3, 3, 3, 3) for n in range(len(state) + 9)}
    with pytest.raises(NetworkError, match="of no layer"):
        fit([("", state | extra)], "", Path("net.pth"))


@pytest.mark.parametrize("names", [["modules"], ["forward", "append"], ["a.b", "a_b"], ["9" * 5000, "1"], ["²"]])
def test_layers_of_a_head_may_have_any_name(names: list[str]) -> None:
    state = {name: one for name, one in models.resnet18().state_dict().items() if not name.startswith("fc.")}
    widths = [512, *range(40, 40 + len(names))]
    for name, inside, out in zip(names, widths, widths[1:], strict=False):
        state[f"fc.{name}.weight"] = torch.rand(out, inside)
    assert fit([("", state)], "", Path("net.pth")).classes == widths[-1]


@pytest.mark.parametrize(
    "change",
    [
        {"fc.weight": torch.rand(3, 3, 3)},
        {"fc.weight": torch.tensor(1.0)},
        {"fc.bias": torch.rand(7)},
        {"bn1.running_mean": torch.rand(3)},
        {"fc.weight": torch.empty(0, 512)},
        {"conv1.weight": torch.rand(64, 0, 7, 7)},
    ],
)
def test_shapes_that_cannot_be(change: dict[str, Tensor]) -> None:
    name = next(iter(change))
    with pytest.raises(NetworkError, match=rf"ResNet.*{name}"):
        fit([("", dict(models.resnet18().state_dict()) | change)], "", Path("net.pth"))


def test_a_few_that_have_no_layer_are_left_out_and_named() -> None:
    state = dict(models.shufflenet_v2_x0_5().state_dict()) | {"criterion.weight": torch.zeros(2)}
    found = fit([("", state)], "", Path("net.pth"))
    assert any("(1): criterion.weight" in str(one) for one in found.remarks)


def test_the_course_has_twins_with_as_many_weights() -> None:
    twins = [card for card in registry.everything() if card.name != "resnet18" and card.parameters == 11_689_512]
    found = fit(tensors(models.resnet18()), "", Path("net.pth"))
    assert found.card.name == "resnet18"
    said = " ".join(map(str, found.remarks))
    assert all(card.title in said for card in twins)


def test_every_classifying_network_of_torchvision_is_found_by_its_own_tensors() -> None:
    """On the meta device: names and shapes alone decide."""
    cards = [c for c in registry.everything() if c.group == "torchvision" and c.task == "classify"]
    assert len(cards) > 60
    wrong = []
    for card in cards:
        if card.name.startswith("regnet"):  # cannot be built on the meta device; one is opened above
            continue
        module = registry.undrawn(card, "meta")
        shapes = {name: tuple(one.shape) for name, one in module.state_dict().items()}
        change = heads.changes(module, shapes, card.task)
        if (change.place, change.first, dict(change.outputs)) != ("", "", {}):
            wrong.append(card.name)
    assert wrong == []


def test_the_state_is_not_kept_twice(tmp_path: Path) -> None:
    """The tensors that were read are the network's own: a second copy would double the memory."""
    state = dict(models.squeezenet1_1().state_dict())
    found = fit([("", state)], "", tmp_path)
    pointers = {one.data_ptr() for one in state.values()}
    assert {one.data_ptr() for one in found.module.parameters()} <= pointers
    assert replace(found, remarks=()).exact


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("resnet50", {"replace_stride_with_dilation": [False, True, True], "num_classes": 3}, "here it strides"),
        ("resnet18", {"num_classes": 3}, ""),
        ("fasterrcnn_mobilenet_v3_large_fpn", {"weights_backbone": None, "num_classes": 3}, "another size"),
    ],
)
def test_what_no_file_can_tell_is_a_remark(tmp_path: Path, name: str, options: dict[str, Any], told: str) -> None:
    torch.save(models.get_model(name, weights=None, **options).state_dict(), tmp_path / "a.pth")
    remarks = " ".join(map(str, own.open(str(tmp_path / "a.pth")).report))
    assert told in remarks
    assert bool(told) or "cannot tell" not in remarks


class _Payload:
    """Runs a command wherever it is unpickled as pickle does it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)


def test_what_else_is_in_a_checkpoint_is_told_and_not_run(tmp_path: Path) -> None:
    network, marker = models.squeezenet1_1(num_classes=4), tmp_path / "ran"
    for name, beside, told in (
        ("args.pth", argparse.Namespace(lr=0.1), r"other things beside the tensors \(argparse\.Namespace\)"),
        ("evil.pth", _Payload(marker), rf"calls a system command or other code \({os.name}\.system\)"),
    ):
        torch.save({"state_dict": network.state_dict(), "beside": beside}, tmp_path / name)
        found = own.inspect(str(tmp_path / name))
        assert found.problem is None
        assert len(re.findall(told, " ".join(map(str, found.remarks)))) == 1
    assert not marker.exists()
    torch.save(network.state_dict(), tmp_path / "plain.pth")
    assert "beside" not in " ".join(map(str, own.inspect(str(tmp_path / "plain.pth")).remarks))
