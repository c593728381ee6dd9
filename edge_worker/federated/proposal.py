"""Proposals: what one attempt at a better training would change, checked before it runs.

A number out of range is refused with a sentence, never moved into range: whoever proposed it
must learn that it was wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from edge_worker.federated.hooks import source as hook_source
from edge_worker.federated.hooks.source import HOOKS, MAX_SOURCE
from edge_worker.federated.untrusted import plain

# Of what is wrong with one answer, as many are told; and of a field's name so many characters.
MAX_SENTENCES = 10
MAX_PLACE = 80


class Family(StrEnum):
    """Families of models."""

    LOGISTIC = "logistic"
    MLP = "mlp"
    CNN = "cnn"
    RESNET18 = "resnet18"
    MOBILENET_V2 = "mobilenet_v2"
    VITALS = "vitals"
    """The tail of the vitals network, for its own series only."""


class Optimizer(StrEnum):
    """What turns gradients into steps; its state starts anew each round."""

    SGD = "sgd"
    ADAM = "adam"
    ADAMW = "adamw"


class Schedule(StrEnum):
    """How the learning rate follows the global round."""

    NONE = "none"
    STEP = "step"
    COSINE = "cosine"


class Augmentation(StrEnum):
    """Random changes of training examples that keep their label."""

    NOISE = "noise"
    MASK = "mask"
    """Features set to zero (tables), or a square erased (pictures)."""
    SHIFT = "shift"
    ROTATE = "rotate"
    FLIP = "flip"


class Action(StrEnum):
    """What the proposer wants."""

    PROPOSE = "propose"
    STOP = "stop"


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Scheduler(_Checked):
    """Learning rate over global rounds."""

    kind: Schedule = Schedule.NONE
    every: int = Field(10, ge=1, le=200, description="step: rounds between two reductions")
    gamma: float = Field(0.1, gt=0, lt=1, description="step: factor of each reduction")


class TrainingConfig(_Checked):
    """One configuration of model and training. All defaults together are a mild start."""

    family: Family
    width: float = Field(1.0, ge=0.1, le=4.0, description="multiplies units or channels")
    depth: int = Field(1, ge=1, le=4, description="hidden layers (mlp) or blocks (cnn)")
    pretrained: bool = Field(False, description="start from ImageNet weights on this disk")
    optimizer: Optimizer = Optimizer.SGD
    lr: float = Field(0.05, ge=1e-5, le=1.0, description="learning rate; think in factors")
    momentum: float = Field(0.0, ge=0, le=0.99, description="for sgd")
    weight_decay: float = Field(0.0, ge=0, le=0.1)
    scheduler: Scheduler = Scheduler()
    augmentation: tuple[Augmentation, ...] = ()
    local_epochs: int = Field(1, ge=1, le=20, description="passes over own data in a round")
    batch_size: int = Field(32, ge=4, le=256)
    mu: float = Field(0.0, ge=0, le=10, description="FedProx: pull towards the global model")
    rounds: int = Field(10, ge=1, le=200)

    @model_validator(mode="after")
    def _agrees(self) -> TrainingConfig:
        if self.pretrained and self.family not in PRETRAINABLE:
            raise ValueError(f"there are no pretrained weights of the family {self.family}")
        if self.pretrained and self.width != 1.0:
            raise ValueError("pretrained weights exist for width 1.0 only")
        if len(set(self.augmentation)) != len(self.augmentation):
            raise ValueError("an augmentation is listed twice")
        return self


PRETRAINABLE = (Family.RESNET18, Family.MOBILENET_V2)
# Hook → what of the configuration has no effect beside it.
REPLACES: Mapping[str, tuple[str, ...]] = {
    "build_model": ("family", "width", "depth", "pretrained"),
    "augment": ("augmentation",),
    "make_optimizer": ("optimizer", "momentum", "weight_decay"),
    "make_scheduler": ("scheduler",),
}


class Hooks(_Checked):
    """Source of whole functions; None = the harness's own."""

    build_model: str | None = Field(None, max_length=MAX_SOURCE)
    augment: str | None = Field(None, max_length=MAX_SOURCE)
    make_optimizer: str | None = Field(None, max_length=MAX_SOURCE)
    make_scheduler: str | None = Field(None, max_length=MAX_SOURCE)

    def given(self) -> dict[str, str]:
        """The hooks that are set."""
        return {name: source for name in HOOKS if (source := getattr(self, name)) is not None}


class Proposal(_Checked):
    """What a proposer answers."""

    action: Action = Action.PROPOSE
    rationale: str = Field("", max_length=2000, description="one or two sentences: why")
    config: TrainingConfig | None = None
    hooks: Hooks = Hooks()

    @field_validator("rationale")
    @classmethod
    def _only_words(cls, rationale: str) -> str:
        return plain(rationale)

    @model_validator(mode="after")
    def _complete(self) -> Proposal:
        if self.action is Action.PROPOSE and self.config is None:
            raise ValueError("action propose needs a config")
        return self


class ProposalError(ValueError):
    """A proposal that will not run. `sentences` say what to change."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("; ".join(sentences))


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """What a task lets proposals change, within one budget for all of them."""

    families: tuple[Family, ...]
    augmentations: tuple[Augmentation, ...]
    epochs: int
    """Rounds × local epochs that one attempt may use."""
    max_parameters: int
    hooks: bool = False

    def refusals(self, proposal: Proposal) -> list[str]:
        """Why this proposal does not fit the task; empty when it does."""
        found = []
        if proposal.hooks.given():
            found += hook_source.refusals(proposal.hooks.given()) if self.hooks else [HOOKS_ARE_OFF]
        config = proposal.config
        if config is None:
            return found
        if config.family not in self.families:
            found.append(f"family {config.family} is none of {', '.join(self.families)}")
        wrong = [name for name in config.augmentation if name not in self.augmentations]
        if wrong:
            allowed = ", ".join(self.augmentations) or "none"
            found.append(f"augmentation {', '.join(wrong)} does not fit; possible: {allowed}")
        used = config.rounds * config.local_epochs
        if used > self.epochs:
            found.append(
                f"rounds × local_epochs is {used}, above the budget of {self.epochs} of this task"
            )
        return found

    def schema(self) -> dict[str, Any]:
        """JSON schema of a proposal for this task."""
        schema = Proposal.model_json_schema()
        parts = schema["$defs"]
        parts["Family"]["enum"] = [family.value for family in self.families]
        parts["Augmentation"]["enum"] = [name.value for name in self.augmentations]
        if not self.augmentations:
            del parts["Augmentation"]
            parts["TrainingConfig"]["properties"]["augmentation"] = {"type": "array", "maxItems": 0}
        if not self.hooks:
            del schema["properties"]["hooks"], parts["Hooks"]
        return schema


HOOKS_ARE_OFF = "code hooks are off: change the configuration only"


def parse(data: Any, space: SearchSpace) -> Proposal:
    """Check a proposal, given as JSON text or as what JSON holds.

    Raises ProposalError with one sentence for each thing wrong.
    """
    try:
        if isinstance(data, str):
            data = json.loads(data)
        proposal = Proposal.model_validate(data)
    except ValidationError as error:
        raise ProposalError(_sentences(error)) from None
    except (ValueError, RecursionError):
        raise ProposalError(["the answer is not JSON"]) from None
    refusals = space.refusals(proposal)
    if refusals:
        raise ProposalError(refusals)
    return proposal


def _sentences(error: ValidationError) -> list[str]:
    """The first of what is wrong, and how much more there is."""
    found = error.errors()
    more = len(found) - MAX_SENTENCES
    rest = [f"and {more} more like these"] if more > 0 else []
    return [_sentence(dict(item)) for item in found[:MAX_SENTENCES]] + rest


def _sentence(item: Mapping[str, Any]) -> str:
    # A name that the schema doesn't know is the proposer's own text.
    place = plain(".".join(str(part) for part in item["loc"]))[:MAX_PLACE] or "the proposal"
    given = item.get("input")
    shown = f" (given: {given!r:.60})" if isinstance(given, (int, float, str)) else ""
    return f"{place}: {str(item['msg']).removeprefix('Value error, ')}{shown}"


# --- Identity ----------------------------------------------------------------------------


def canonical(proposal: Proposal) -> str:
    """The same text for proposals that would run the same: defaults filled, idle values dropped."""
    config = None if proposal.config is None else proposal.config.model_dump(mode="json")
    if config is not None:
        config["augmentation"] = sorted(config["augmentation"])
        if config["optimizer"] != Optimizer.SGD:
            config.pop("momentum")
        if config["family"] not in (Family.MLP, Family.CNN, Family.VITALS):
            config.pop("depth")
        if config["family"] == Family.LOGISTIC:
            config.pop("width")
        if config["scheduler"]["kind"] != Schedule.STEP:
            config["scheduler"] = {"kind": config["scheduler"]["kind"]}
        for name in proposal.hooks.given():
            for idle in REPLACES[name]:
                config.pop(idle, None)
    hooks = {
        name: hook_source.normalised(source) for name, source in proposal.hooks.given().items()
    }
    return json.dumps({"config": config, "hooks": hooks}, sort_keys=True, separators=(",", ":"))


def proposal_sha(proposal: Proposal) -> str:
    """SHA-256 of the canonical text: two proposals with the same are one attempt."""
    return hashlib.sha256(canonical(proposal).encode()).hexdigest()
