"""Code in proposals, in the real sandbox: what it may do, and what it can't."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from edge_worker.federated.harness import Harness, SeedResult
from edge_worker.federated.hooks.training import CodeRunner, allow_code
from edge_worker.federated.proposal import Proposal
from edge_worker.federated.sandbox.tier import Tier, protection
from edge_worker.federated.tasks.task import Task

pytestmark = pytest.mark.skipif(
    protection().tier is not Tier.BUBBLEWRAP,
    reason=f"no sandbox on this machine: {protection().sentence}",
)

CONFIG = {"family": "mlp", "lr": 0.3, "rounds": 4, "batch_size": 8, "local_epochs": 2}
# Copies of what the harness does itself for CONFIG with the settings beside them.
COPIES: dict[str, tuple[dict[str, Any], str]] = {
    "build_model": (
        {},
        "def build_model(input_shape, classes):\n"
        "    size = int(np.prod(input_shape))\n"
        "    return nn.Sequential(\n"
        "        nn.Flatten(), nn.Linear(size, 32), nn.ReLU(), nn.Linear(32, classes))",
    ),
    "augment": (
        {"augmentation": ["noise"]},
        "def augment(inputs, generator):\n"
        "    return inputs + 0.1 * torch.randn(inputs.shape, generator=generator)",
    ),
    "make_optimizer": (
        {"optimizer": "adamw", "lr": 0.02, "weight_decay": 0.01},
        "def make_optimizer(parameters, lr):\n"
        "    return torch.optim.AdamW(parameters, lr, weight_decay=0.01)",
    ),
    "make_scheduler": (
        {"scheduler": {"kind": "cosine"}},
        "def make_scheduler(round, rounds):\n"
        "    return (1 + math.cos(math.pi * round / rounds)) / 2",
    ),
}


@pytest.fixture
def coded(task: Task) -> Harness:
    """A toy task on which code is allowed; each job gets half a minute."""
    return Harness(task=allow_code(task), max_seconds=30)


def proposal(hooks: Mapping[str, str], **changes: Any) -> Proposal:
    return Proposal.model_validate({"config": {**CONFIG, **changes}, "hooks": hooks})


def train(harness: Harness, hooks: Mapping[str, str], seed: int = 0, **changes: Any) -> SeedResult:
    return CodeRunner(harness=harness).rehearse(proposal(hooks, **changes)).run(seed)


# --- What code is for --------------------------------------------------------------------


@pytest.mark.parametrize("hook", COPIES)
def test_a_hook_that_copies_the_harness_gives_the_same_numbers(coded: Harness, hook: str) -> None:
    settings, source = COPIES[hook]
    config = proposal({}, **settings).config
    assert config is not None
    expected = coded.run(config, 1)
    # Only what the hook doesn't replace is set beside it.
    beside = {key: value for key, value in settings.items() if key == "lr"}
    found = train(coded, {hook: source}, 1, **beside)
    assert found.curve == expected.curve
    assert (found.score, found.parameters) == (expected.score, expected.parameters)
    assert len(set(expected.curve)) > 1


def test_all_hooks_together_train_and_learn(coded: Harness) -> None:
    hooks = {hook: source for hook, (_, source) in COPIES.items()}
    assert train(coded, hooks, lr=0.02).score > 0.85


def test_a_hook_changes_what_is_learnt(coded: Harness) -> None:
    plain = train(coded, {"augment": "def augment(inputs, generator):\n    return inputs"})
    blind = train(coded, {"augment": "def augment(inputs, generator):\n    return inputs * 0"})
    assert plain.score > 0.85
    assert blind.score < 0.7
