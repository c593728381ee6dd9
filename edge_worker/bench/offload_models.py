"""A small network that no split can help, for the benchmark."""

from __future__ import annotations

import torch
from torch import nn


def traffic_net() -> nn.Module:
    """A flow classifier's shape: sizes, gaps and directions of 100 packets, 12 classes."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
        nn.Flatten(), nn.Linear(64 * 25, 64), nn.ReLU(), nn.Linear(64, 12),
    ).eval()  # fmt: skip
