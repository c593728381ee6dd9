"""Models that a proposal can name, in torch. GroupNorm, because clients are few and skewed.

ResNet-18 (He et al. 2016, arXiv 1512.03385) and MobileNetV2 (Sandler et al. 2018,
arXiv 1801.04381) carry torchvision's parameter names, so that its published weights fit where
they lie on this disk; nothing is ever downloaded. With those weights the batch statistics stay
frozen: averaging them over clients would harm, and there is nothing to send.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edge_worker.catalogue import networks
from edge_worker.federated.proposal import Family, ProposalError, TrainingConfig

Weights = Mapping[str, NDArray[np.float32]]
"""Trainable parameters by name."""
Norm = Callable[[int], nn.Module]

MLP_UNITS = 32
CNN_CHANNELS = 16
# Below this side a picture would shrink to nothing before the last block.
SMALL_SIDE = 64
MAX_CHECKPOINT_BYTES = 200_000_000


def build(config: TrainingConfig, shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    """A model of this family, initialised by the seed.

    shape: of one example. Raises ProposalError when the family does not fit it, or pretrained
    weights are asked for that are not on this disk.
    """
    if len(shape) != 3 and config.family not in (Family.LOGISTIC, Family.MLP):
        raise ProposalError([f"family {config.family} needs pictures, this task has tables"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _make(config, shape, classes)
    if config.pretrained:
        _load_pretrained(model, config.family)
    return model


def parameter_count(model: nn.Module) -> int:
    """Trainable numbers: what travels each round."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def get_weights(model: nn.Module) -> dict[str, NDArray[np.float32]]:
    """A copy of the trainable parameters."""
    return {
        name: parameter.detach().cpu().numpy().astype(np.float32, copy=True)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def set_weights(model: nn.Module, weights: Weights) -> None:
    """Put weights in. Raises ValueError when names or shapes are not the model's."""
    own = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if own.keys() != weights.keys():
        raise ValueError("the weights have other names than the model")
    with torch.no_grad():
        for name, parameter in own.items():
            if tuple(parameter.shape) != weights[name].shape:
                raise ValueError(f"{name} has another shape than the model's")
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(weights[name])))


def _make(config: TrainingConfig, shape: tuple[int, ...], classes: int) -> nn.Module:
    match config.family:
        case Family.LOGISTIC:
            return _dense(int(np.prod(shape)), [], classes)
        case Family.MLP:
            units = max(1, round(MLP_UNITS * config.width))
            return _dense(int(np.prod(shape)), [units] * config.depth, classes)
        case Family.CNN:
            return _cnn(shape[0], max(2, round(CNN_CHANNELS * config.width)), config.depth, classes)
        case Family.RESNET18:
            channels, small = _stem(shape, config)
            return ResNet18(channels, classes, config.width, _norm(config), small=small)
        case Family.MOBILENET_V2:
            channels, small = _stem(shape, config)
            return MobileNetV2(channels, classes, config.width, _norm(config), small=small)
        case Family.VITALS:
            try:
                return networks.build("vitals", shape, classes, config.width, config.depth)
            except ValueError as error:
                raise ProposalError([str(error)]) from None


def _stem(shape: tuple[int, ...], config: TrainingConfig) -> tuple[int, bool]:
    """Channels, and whether the picture is too small for the strides made for 224 pixels."""
    return (3, False) if config.pretrained else (shape[0], min(shape[1:]) < SMALL_SIDE)


def _norm(config: TrainingConfig) -> Norm:
    return FrozenBatchNorm if config.pretrained else _group_norm


def _group_norm(channels: int) -> nn.Module:
    groups = next(g for g in (8, 4, 2, 1) if channels % g == 0)
    return nn.GroupNorm(groups, channels)


class FrozenBatchNorm(nn.BatchNorm2d):
    """Batch normalisation by the statistics it came with, in training too."""

    def train(self, mode: bool = True) -> FrozenBatchNorm:
        """Stay as in use."""
        super().train(False)
        return self


# --- Small models ------------------------------------------------------------------------


def _dense(inputs: int, hidden: list[int], classes: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Flatten()]
    for units in hidden:
        layers += [nn.Linear(inputs, units), nn.ReLU()]
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, classes))


def _cnn(channels: int, width: int, depth: int, classes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for block in range(depth + 1):
        out = width * min(2**block, 4)
        layers += [nn.Conv2d(channels, out, 3, padding=1), _group_norm(out), nn.ReLU()]
        if block < 2:
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        channels = out
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(channels * 4, classes)
    )


# --- ResNet-18 ---------------------------------------------------------------------------


class _BasicBlock(nn.Module):
    def __init__(self, channels: int, out: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = norm(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = norm(out)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), norm(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)) + around)


class ResNet18(nn.Module):
    """Eighteen layers with shortcuts; `small` keeps the stem at full resolution."""

    def __init__(
        self, channels: int, classes: int, width: float, norm: Norm, *, small: bool
    ) -> None:
        super().__init__()
        sizes = [max(8, round(size * width / 8) * 8) for size in (64, 128, 256, 512)]
        kernel, stride = (3, 1) if small else (7, 2)
        self.conv1 = nn.Conv2d(channels, sizes[0], kernel, stride, kernel // 2, bias=False)
        self.bn1 = norm(sizes[0])
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        before = sizes[0]
        for index, size in enumerate(sizes, 1):
            first = 1 if index == 1 else 2
            blocks = [_BasicBlock(before, size, first, norm), _BasicBlock(size, size, 1, norm)]
            self.add_module(f"layer{index}", nn.Sequential(*blocks))
            before = size
        self.fc = nn.Linear(before, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of pictures of shape (batch, channels, height, width)."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for index in range(1, 5):
            x = self.get_submodule(f"layer{index}")(x)
        return self.fc(x.mean(dim=(2, 3)))  # type: ignore[no-any-return]


# --- MobileNetV2 -------------------------------------------------------------------------

# Expansion, channels, repeats, stride of the first (table 2 of the paper).
_MOBILE_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _conv(channels: int, out: int, kernel: int, stride: int, groups: int, norm: Norm) -> nn.Module:
    convolution = nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, norm(out), nn.ReLU6())


class _InvertedResidual(nn.Module):
    def __init__(self, channels: int, out: int, stride: int, expand: int, norm: Norm) -> None:
        super().__init__()
        hidden = channels * expand
        self._shortcut = stride == 1 and channels == out
        layers = [] if expand == 1 else [_conv(channels, hidden, 1, 1, 1, norm)]
        layers += [
            _conv(hidden, hidden, 3, stride, hidden, norm),
            nn.Conv2d(hidden, out, 1, bias=False),
            norm(out),
        ]
        self.conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self._shortcut else self.conv(x)  # type: ignore[no-any-return]


class MobileNetV2(nn.Module):
    """Inverted residuals; `small` leaves out the first two strides."""

    def __init__(
        self, channels: int, classes: int, width: float, norm: Norm, *, small: bool
    ) -> None:
        super().__init__()

        def scaled(size: int) -> int:
            return max(8, int(size * width + 4) // 8 * 8)

        before = scaled(32)
        layers = [_conv(channels, before, 3, 1 if small else 2, 1, norm)]
        for expand, size, repeats, first in _MOBILE_BLOCKS:
            stride = 1 if small and size == 24 else first
            for index in range(repeats):
                out = scaled(size)
                layers.append(
                    _InvertedResidual(before, out, stride if index == 0 else 1, expand, norm)
                )
                before = out
        last = scaled(1280) if width > 1 else max(64, round(1280 * min(width, 1.0) / 8) * 8)
        layers.append(_conv(before, last, 1, 1, 1, norm))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Logits of pictures of shape (batch, channels, height, width)."""
        return self.classifier(self.features(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]


# --- Pretrained weights -----------------------------------------------------------------


def pretrained_file(family: Family, folder: Path | None = None) -> Path | None:
    """Where torchvision keeps this family's weights on this disk, None when it has none."""
    place = Path(torch.hub.get_dir()) / "checkpoints" if folder is None else folder
    found = sorted(place.glob(f"{family.value}-*.pth"))
    return found[-1] if found else None


def _load_pretrained(model: nn.Module, family: Family) -> None:
    """All weights but the last layer's, from a file whose name holds its own hash."""
    path = pretrained_file(family)
    if path is None:
        raise ProposalError([f"pretrained weights of {family} are not on this disk"])
    content = path.read_bytes() if path.stat().st_size <= MAX_CHECKPOINT_BYTES else b""
    if not hashlib.sha256(content).hexdigest().startswith(path.stem.rpartition("-")[2]):
        raise ProposalError([f"the pretrained weights of {family} on this disk are damaged"])
    # `weights_only` reads tensors and plain containers and runs nothing that the file names;
    # the size and the hash were checked above.
    stored = torch.load(path, map_location="cpu", weights_only=True)
    heads = ("fc.", "classifier.")
    wanted = {n: t for n, t in model.state_dict().items() if not n.startswith(heads)}
    if any(name not in stored or stored[name].shape != t.shape for name, t in wanted.items()):
        raise ProposalError([f"the pretrained weights of {family} on this disk do not fit"])
    model.load_state_dict({name: stored[name] for name in wanted}, strict=False)
