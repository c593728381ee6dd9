from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edge_worker.catalogue.training_sets import Examples, Kind, TrainingSet, TrainingSetError
from edge_worker.federated import client, fedavg, models
from edge_worker.federated.aggregation import AggregationError
from edge_worker.federated.client import FitResult
from edge_worker.federated.fedavg import chosen_clients, initial_weights, train
from edge_worker.federated.harness import BudgetExceeded, Harness
from edge_worker.federated.proposal import (
    Augmentation,
    Family,
    ProposalError,
    Scheduler,
    TrainingConfig,
)
from edge_worker.federated.recipe import learning_rate
from edge_worker.federated.scores import paired_gain
from edge_worker.federated.split import split_people, split_pictures
from edge_worker.federated.tasks.registry import load_task
from edge_worker.federated.tasks.task import Task

MILD = TrainingConfig(family=Family.LOGISTIC, lr=0.3, rounds=8, batch_size=8)


def test_federated_training_learns(harness: Harness) -> None:
    result = harness.run(MILD, 0)
    assert result.score > 0.85
    assert len(result.curve) == 8
    assert result.parameters == 10


def test_the_same_seed_gives_the_same_numbers(harness: Harness) -> None:
    config = MILD.model_copy(
        update={"family": Family.MLP, "augmentation": tuple(harness.task.space.augmentations)}
    )
    assert harness.run(config, 1).curve == harness.run(config, 1).curve
    assert harness.run(config, 1).curve != harness.run(config, 2).curve


def test_fedprox_keeps_clients_near_the_global_model(task: Task) -> None:
    data = next(iter(task.data.people.values()))
    start = initial_weights(MILD, (4,), 2, 0)

    def moved(mu: float) -> float:
        config = MILD.model_copy(update={"mu": mu, "local_epochs": 5})
        result = client.fit(start, config, data, classes=2, round_number=0, seed=0)
        return sum(float(np.abs(result.weights[n] - start[n]).sum()) for n in start)

    assert moved(1.0) < 0.8 * moved(0.0)


def test_the_schedule_follows_the_global_round() -> None:
    step = MILD.model_copy(
        update={"lr": 0.1, "scheduler": Scheduler(kind="step", every=10, gamma=0.1), "rounds": 30}
    )
    rates = [learning_rate(step, n) for n in (0, 9, 10, 19, 20)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001])


def test_a_client_sends_weights_a_count_and_two_averages_only(task: Task) -> None:
    data = next(iter(task.data.people.values()))
    result = client.fit(
        initial_weights(MILD, (4,), 2, 0), MILD, data, classes=2, round_number=0, seed=0
    )
    assert set(vars(result)) == {"weights", "examples", "loss", "accuracy"}
    assert {name: value.shape for name, value in result.weights.items()} == {
        "1.weight": (2, 4),
        "1.bias": (2,),
    }


def test_a_training_that_diverges_ends_with_a_sentence(task: Task) -> None:
    clients = {
        name: Examples(inputs=np.full_like(e.inputs, np.inf), labels=e.labels)
        for name, e in task.data.people.items()
    }
    with pytest.raises(AggregationError, match="usable updates"):
        train(MILD, clients, classes=2, seed=0)


def test_a_round_without_a_finite_loss_ends_with_a_sentence(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finite weights can still give a loss beyond float's range in every client."""

    def overflowing(*arguments: Any, **settings: Any) -> FitResult:
        result = client.fit(*arguments, **settings)
        return dataclasses.replace(result, loss=float("inf"))

    monkeypatch.setattr(fedavg, "fit", overflowing)
    with pytest.raises(AggregationError, match="no client's loss is a number"):
        train(MILD, task.data.people, classes=2, seed=0)


def test_a_round_asks_a_random_part_and_the_same_for_the_same_seed() -> None:
    names = [f"P{n}" for n in range(30)]
    assert chosen_clients(names, 3, 1, 10) == chosen_clients(names, 3, 1, 10)
    assert len(set(chosen_clients(names, 3, 1, 10))) == 10
    assert chosen_clients(names, 3, 1, 10) != chosen_clients(names, 4, 1, 10)


# --- Harness -----------------------------------------------------------------------------


def test_nobody_is_on_two_sides_and_the_test_people_never_change(task: Task) -> None:
    sides = [split_people(task.data, seed) for seed in range(8)]
    for side in sides:
        groups = [set(side.train), set(side.validation), set(side.test)]
        assert sum(len(group) for group in groups) == len(set.union(*groups)) == 16
        assert set(side.development) == groups[0] | groups[1]
        assert set(side.test) == set(sides[0].test)
    assert len({tuple(side.validation) for side in sides}) > 1


def test_too_few_people_are_refused(people: object) -> None:
    few = {
        f"P{n}": Examples(inputs=np.zeros((2, 1), np.float32), labels=np.array([0, 1]))
        for n in range(5)
    }
    data = TrainingSet(name="few", kind=Kind.TABLE, classes=("a", "b"), people=few)
    with pytest.raises(TrainingSetError, match="too few"):
        split_people(data, 0)


def test_pictures_are_dealt_unevenly_and_to_one_side_only() -> None:
    count = 400
    pictures = Examples(
        inputs=np.arange(count, dtype=np.float32).reshape(-1, 1, 1, 1),
        labels=np.arange(count) % 4,
    )
    split = split_pictures(pictures, "toy", 10, 4, 0)
    parts = [*split.train.values(), *split.validation.values(), *split.test.values()]
    seen = np.concatenate([part.inputs.ravel() for part in parts])
    assert sorted(seen) == list(range(count))
    assert min(len(part) for part in split.train.values()) >= 8
    shares = [np.bincount(p.labels, minlength=4).max() / len(p) for p in split.train.values()]
    assert np.mean(shares) > 0.45
    again = split_pictures(pictures, "toy", 10, 4, 1)
    assert np.array_equal(split.test["test"].inputs, again.test["test"].inputs)


def test_a_training_over_its_time_is_stopped(task: Task) -> None:
    with pytest.raises(BudgetExceeded, match="stopped in round 1"):
        Harness(task=task, max_seconds=0).run(MILD, 0)


def test_a_model_above_the_limit_is_refused(harness: Harness) -> None:
    big = TrainingConfig(family=Family.MLP, width=4, depth=4)
    with pytest.raises(ProposalError, match="above the limit of 2000"):
        harness.check(big)


def test_another_person_or_label_is_another_harness(task: Task, people: object) -> None:
    before = Harness(task=task).digest()
    name, examples = next(iter(task.data.people.items()))
    changed = Examples(inputs=examples.inputs, labels=1 - examples.labels)
    data = TrainingSet(
        name="toy",
        kind=Kind.TABLE,
        classes=task.data.classes,
        people={**task.data.people, name: changed},
    )
    assert Harness(task=task).digest() == before
    assert Harness(task=Task(**{**vars(task), "data": data})).digest() != before


def test_fewer_than_three_seeds_are_refused(task: Task) -> None:
    with pytest.raises(ValueError, match="3 different seeds"):
        Harness(task=task, seeds=(0, 1, 1))


def test_a_paired_gain_has_its_standard_error() -> None:
    gain, error = paired_gain([0.5, 0.6, 0.7], [0.6, 0.7, 0.8])
    assert gain == pytest.approx(0.1)
    assert error == pytest.approx(0.0, abs=1e-12)


# --- Models ------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [Family.CNN, Family.RESNET18, Family.MOBILENET_V2])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 64, 64)])
def test_every_picture_family_answers_and_trains(family: Family, shape: tuple[int, ...]) -> None:
    config = TrainingConfig(family=family, width=0.125, rounds=1, batch_size=4)
    generator = np.random.default_rng(0)
    data = Examples(
        inputs=generator.random((4, *shape), dtype=np.float32), labels=np.array([0, 1, 2, 0])
    )
    start = initial_weights(config, shape, 3, 0)
    result = client.fit(start, config, data, classes=3, round_number=0, seed=0)
    assert any(not np.array_equal(start[n], result.weights[n]) for n in start)
    assert client.predict(result.weights, config, data.inputs, 3).shape == (4, 3)


def test_full_width_is_the_size_that_the_article_names() -> None:
    sizes = {
        family: models.parameter_count(
            models.build(TrainingConfig(family=family), (3, 64, 64), 1000, 0)
        )
        for family in (Family.RESNET18, Family.MOBILENET_V2)
    }
    # torchvision states 11,689,512 and 3,504,872 for 1000 classes.
    assert sizes == {Family.RESNET18: 11_689_512, Family.MOBILENET_V2: 3_504_872}


def test_a_family_for_pictures_refuses_a_table() -> None:
    with pytest.raises(ProposalError, match="needs pictures"):
        models.build(TrainingConfig(family=Family.CNN), (4,), 2, 0)


def test_pretrained_weights_that_are_not_here_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ProposalError, match="not on this disk"):
        models.build(TrainingConfig(family=Family.RESNET18, pretrained=True), (3, 64, 64), 5, 0)


def on_disk(folder: Path, family: Family) -> tuple[Path, dict[str, torch.Tensor]]:
    """Stands in for the published file: same names and shapes, numbers of its own."""
    source = models._make(TrainingConfig(family=family, pretrained=True), (3, 64, 64), 1000)
    with torch.no_grad():
        for value in source.state_dict().values():
            if value.is_floating_point():
                value.uniform_(0.1, 0.2)
    draft = folder / "draft.pth"
    torch.save(source.state_dict(), draft)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:8]
    (folder / "checkpoints").mkdir()
    file = draft.rename(folder / "checkpoints" / f"{family.value}-{digest}.pth")
    return file, source.state_dict()


@pytest.mark.parametrize("family", [Family.RESNET18, Family.MOBILENET_V2])
def test_pretrained_weights_on_disk_are_used_checked_and_stay_frozen_where_they_must(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    config = TrainingConfig(family=family, pretrained=True)
    file, stored = on_disk(tmp_path, family)
    model = models.build(config, (3, 64, 64), 5, 0)
    name = next(iter(stored))
    assert torch.equal(model.state_dict()[name], stored[name])
    statistics = {n: v.clone() for n, v in model.named_buffers()}
    assert statistics
    model.train()
    model(torch.rand(2, 3, 64, 64))
    assert all(torch.equal(value, statistics[n]) for n, value in model.named_buffers())
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ProposalError, match="damaged"):
        models.build(config, (3, 64, 64), 5, 0)


@pytest.mark.parametrize("family", [Family.RESNET18, Family.MOBILENET_V2])
def test_pretrained_networks_see_pictures_at_the_scale_they_were_trained_on(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    on_disk(tmp_path, family)
    config = TrainingConfig(family=family, pretrained=True)
    model = models.build(config, (3, 64, 64), 5, 0).eval()
    seen: list[torch.Tensor] = []
    first = model.get_submodule("conv1" if family is Family.RESNET18 else "features.0.0")
    first.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    # ImageNet's mean colour is zero on that scale, a spread above it is one.
    mean, spread = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    model((mean + spread)[None, :, None, None].expand(1, 3, 64, 64))
    assert torch.allclose(seen[0], torch.ones(1, 3, 64, 64), atol=1e-5)
    grey = torch.rand(2, 1, 64, 64)
    assert torch.equal(model(grey), model(grey.expand(2, 3, 64, 64)))
    # From nothing, a network sees the picture as it is.
    plain = models.build(TrainingConfig(family=family), (3, 64, 64), 5, 0)
    assert isinstance(plain.get_submodule("prepare"), torch.nn.Identity)


def test_pretrained_weights_are_for_pictures_in_colour_or_grey() -> None:
    config = TrainingConfig(family=Family.MOBILENET_V2, pretrained=True)
    with pytest.raises(ProposalError, match="not 4 channels"):
        models.build(config, (4, 64, 64), 5, 0)


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (TrainingConfig(family=Family.LOGISTIC), (4,)),
        (TrainingConfig(family=Family.MLP, width=2.0, depth=3), (4,)),
        (TrainingConfig(family=Family.CNN, depth=2), (1, 8, 8)),
        (TrainingConfig(family=Family.RESNET18, width=0.25), (3, 64, 64)),
        (TrainingConfig(family=Family.MOBILENET_V2, width=0.25), (3, 16, 16)),
    ],
)
def test_parameters_are_counted_before_they_are_made(
    config: TrainingConfig, shape: tuple[int, ...]
) -> None:
    state = torch.get_rng_state()
    planned = models.planned_parameters(config, shape, 5)
    assert torch.equal(torch.get_rng_state(), state)
    assert planned == models.parameter_count(models.build(config, shape, 5, seed=0))


def test_a_model_far_too_large_is_refused_without_its_memory(monkeypatch: Any) -> None:
    made: list[torch.device] = []
    monkeypatch.setattr(
        models,
        "parameter_count",
        lambda model: made.extend(p.device for p in model.parameters()) or 10**9,
    )
    vast = TrainingConfig(family=Family.RESNET18, width=4.0)
    assert models.planned_parameters(vast, (3, 64, 64), 5) == 10**9
    assert {device.type for device in made} == {"meta"}


# --- Tasks -------------------------------------------------------------------------------


def test_a_folder_of_pictures_is_a_task(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    generator = np.random.default_rng(0)
    for name, level in (("cats", 60), ("dogs", 190)):
        (tmp_path / name).mkdir()
        for number in range(80):
            pixels = generator.normal(level, 30, (20, 30, 3)).clip(0, 255).astype(np.uint8)
            image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    task = load_task("images", tmp_path)
    assert task.baseline.family is Family.RESNET18
    assert task.data.shape == (3, 64, 64)
    config = TrainingConfig(family=Family.CNN, width=0.25, lr=0.1, rounds=4, batch_size=8)
    config = config.model_copy(update={"augmentation": tuple(Augmentation)[:4]})
    assert Harness(task=task).run(config, 0).score > 0.8


@pytest.mark.parametrize(
    ("name", "words"), [("nothing", "there is no task"), ("activation", "--data FOLDER")]
)
def test_a_task_that_cannot_be_made_says_why(name: str, words: str) -> None:
    with pytest.raises(TrainingSetError, match=words):
        load_task(name, None)


def test_missing_files_of_people_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingSetError, match="office_tasks"):
        load_task("activation", tmp_path)
    with pytest.raises(TrainingSetError, match=r"days\.csv"):
        load_task("valence", tmp_path)
