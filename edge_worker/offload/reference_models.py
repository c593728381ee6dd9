"""Two networks of the literature in plain PyTorch, with random weights: for their shapes.

What splitting costs depends on layers and sizes, not on weights. Sources: He et al., "Deep
residual learning", CVPR 2016 (ResNet-18); Sandler et al., "MobileNetV2", CVPR 2018.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

IMAGE_SHAPE = (1, 3, 224, 224)


class _BasicBlock(nn.Module):
    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class _InvertedResidual(nn.Module):
    def __init__(self, channels_in: int, channels: int, stride: int, expand: int) -> None:
        super().__init__()
        inner = channels_in * expand
        layers: list[nn.Module] = []
        if expand != 1:
            layers += _conv(channels_in, inner, 1, 1)
        layers += _conv(inner, inner, 3, stride, groups=inner)
        layers += [nn.Conv2d(inner, channels, 1, bias=False), nn.BatchNorm2d(channels)]
        self.body = nn.Sequential(*layers)
        self.shortcut = stride == 1 and channels_in == channels

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return x + y if self.shortcut else y


def _conv(
    channels_in: int, channels: int, size: int, stride: int, *, groups: int = 1
) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU6(),
    ]


def _evaluating(layers: list[nn.Module]) -> nn.Module:
    return nn.Sequential(*layers).eval()


def resnet18() -> nn.Module:
    """ResNet-18 for images of `IMAGE_SHAPE`, 11.7 million parameters."""
    torch.manual_seed(0)
    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]
    before = 64
    for channels, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [_BasicBlock(before, channels, stride), _BasicBlock(channels, channels, 1)]
        before = channels
    return _evaluating([*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)])


def mobilenet_v2() -> nn.Module:
    """MobileNetV2 for images of `IMAGE_SHAPE`, 3.5 million parameters."""
    torch.manual_seed(0)
    layers = _conv(3, 32, 3, 2)
    before = 32
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
    for expand, channels, repeats, stride in (*table, (6, 160, 3, 2), (6, 320, 1, 1)):
        for number in range(repeats):
            layers.append(_InvertedResidual(before, channels, stride if number == 0 else 1, expand))
            before = channels
    layers += _conv(before, 1280, 1, 1)
    return _evaluating([*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000)])
