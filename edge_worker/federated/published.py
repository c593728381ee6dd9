"""Networks with published weights: ResNet-18 and MobileNetV2, and the loading of those weights.

ResNet-18 (He et al. 2016, arXiv 1512.03385) and MobileNetV2 (Sandler et al. 2018,
arXiv 1801.04381) carry torchvision's parameter names, so that its weights fit where they lie on
this disk; nothing is ever downloaded. With those weights the batch statistics stay frozen:
averaging them over clients would harm, and there is nothing to send. Pictures are then scaled as
they were when the weights were made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from edge_worker.federated.proposal import Family, ProposalError

Norm = Callable[[int], nn.Module]
"""Number of channels → what normalises them."""

MAX_CHECKPOINT_BYTES = 200_000_000


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
        self,
        channels: int,
        classes: int,
        width: float,
        norm: Norm,
        *,
        small: bool,
        prepare: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.prepare = nn.Identity() if prepare is None else prepare
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
        x = self.maxpool(torch.relu(self.bn1(self.conv1(self.prepare(x)))))
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
        self,
        channels: int,
        classes: int,
        width: float,
        norm: Norm,
        *,
        small: bool,
        prepare: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.prepare = nn.Identity() if prepare is None else prepare

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
        features = self.features(self.prepare(x)).mean(dim=(2, 3))
        return self.classifier(features)  # type: ignore[no-any-return]


# --- Beside published weights ---------------------------------------------------------


class FrozenBatchNorm(nn.BatchNorm2d):
    """Batch normalisation by the statistics it came with, in training too."""

    def train(self, mode: bool = True) -> FrozenBatchNorm:
        """Stay as in use."""
        super().train(False)
        return self


class ImageNetInput(nn.Module):
    """From 0..1 to the scale of torchvision's weights: mean 0, spread 1 by colour over ImageNet.

    A grey picture becomes three equal colours. Source of the six numbers: torchvision's
    documentation of its weights, "Using the pre-trained models".
    """

    mean: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (
            ("mean", (0.485, 0.456, 0.406)),
            ("spread", (0.229, 0.224, 0.225)),
        ):
            # Not persistent: torchvision's files don't name them.
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, 1 or 3, height, width) → (batch, 3, height, width)."""
        return (x - self.mean) / self.spread


def pretrained_file(family: Family, folder: Path | None = None) -> Path | None:
    """Where torchvision keeps this family's weights on this disk, None when it has none."""
    place = Path(torch.hub.get_dir()) / "checkpoints" if folder is None else folder
    found = sorted(place.glob(f"{family.value}-*.pth"))
    return found[-1] if found else None


def load_pretrained(model: nn.Module, family: Family) -> None:
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
