"""Models that a proposal can name, in torch. GroupNorm, because clients are few and skewed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edge_worker.catalogue import networks
from edge_worker.federated.proposal import Family, ProposalError, TrainingConfig
from edge_worker.federated.published import (
    FrozenBatchNorm,
    ImageNetInput,
    MobileNetV2,
    ResNet18,
    load_pretrained,
)

Weights = Mapping[str, NDArray[np.float32]]
"""Trainable parameters by name."""

MLP_UNITS = 32
CNN_CHANNELS = 16
# Below this side a picture would shrink to nothing before the last block; pretrained weights fit
# the strides made for 224 pixels alone.
SMALL_SIDE = 64


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
        load_pretrained(model, config.family)
    return model


def parameter_count(model: nn.Module) -> int:
    """Trainable numbers: what travels each round."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def planned_parameters(config: TrainingConfig, shape: tuple[int, ...], classes: int) -> int:
    """What `parameter_count` of the built model will be, without the memory for it.

    A proposal may ask for more than this machine has. Raises ProposalError as `build` does.
    """
    if config.pretrained:  # of one size each; building it shows whether its file is here
        return parameter_count(build(config, shape, classes, seed=0))
    with torch.device("meta"):
        return parameter_count(build(config, shape, classes, seed=0))


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
        case Family.RESNET18 | Family.MOBILENET_V2:
            return _deep(config, shape, classes)
        case Family.VITALS:
            try:
                return networks.build("vitals", shape, classes, config.width, config.depth)
            except ValueError as error:
                raise ProposalError([str(error)]) from None


def _deep(config: TrainingConfig, shape: tuple[int, ...], classes: int) -> nn.Module:
    network = ResNet18 if config.family == Family.RESNET18 else MobileNetV2
    channels, width = shape[0], config.width
    if not config.pretrained:
        small = min(shape[1:]) < SMALL_SIDE
        return network(channels, classes, width, _group_norm, small=small)
    if channels not in (1, 3):
        raise ProposalError([f"pretrained weights are for colour or grey, not {channels} channels"])
    return network(3, classes, width, FrozenBatchNorm, small=False, prepare=ImageNetInput())


def _group_norm(channels: int) -> nn.Module:
    groups = next(g for g in (8, 4, 2, 1) if channels % g == 0)
    return nn.GroupNorm(groups, channels)


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
