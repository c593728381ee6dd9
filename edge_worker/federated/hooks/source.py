"""The text of hooks: what they are called and take, early errors, identity, the template.

Nothing here protects from foreign code; that is the sandbox's work.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

# Hook → names of its parameters. A hook replaces a whole function.
HOOKS: Mapping[str, tuple[str, ...]] = {
    "build_model": ("input_shape", "classes"),
    "augment": ("inputs", "generator"),
    "make_optimizer": ("parameters", "lr"),
    "make_scheduler": ("round", "rounds"),
}
MAX_SOURCE = 8000
TEMPLATE = Path(__file__).with_name("template.py")
_REGION = re.compile(r"^# region edge_ai:(?P<hook>\w+)\n.*?^# endregion$", re.DOTALL | re.MULTILINE)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)

DESCRIPTION = """\
Code: in `hooks` you may replace whole functions. Each hook is the source of exactly one function \
with that name and these parameters; null keeps the harness's own. torch, nn, F, Tensor, np and \
math are imported already.
- build_model(input_shape, classes) -> nn.Module. One example has input_shape; the model takes a \
batch and returns logits of shape (batch, classes). Only trainable parameters travel between \
clients, so no batch statistics: use GroupNorm. Replaces family, width, depth and pretrained.
- augment(inputs, generator) -> Tensor. A training batch, changed at random; same shape. Draw \
from the given torch.Generator. Replaces augmentation.
- make_optimizer(parameters, lr) -> torch.optim.Optimizer. Made anew for every client and round; \
lr is the scheduled rate. Replaces optimizer, momentum and weight_decay.
- make_scheduler(round, rounds) -> float. The factor on lr in the global round, from 0. Replaces \
scheduler.
A function runs in a sandbox without network and files, first in a short rehearsal on made-up \
numbers; an error there comes back to you. What it prints later does not, and no score that it \
reports counts: scores are computed elsewhere."""


def refusals(given: Mapping[str, str]) -> list[str]:
    """What is wrong with the form of these hooks, in sentences; empty when nothing is."""
    found = []
    for name, source in given.items():
        try:
            body = ast.parse(source).body
            normalised(source)
        except _UNREADABLE as error:
            found.append(f"hook {name} is not Python: {error or type(error).__name__}"[:300])
            continue
        if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or body[0].name != name:
            found.append(f"hook {name} must be exactly one function of that name")
        elif not _takes(body[0].args, HOOKS[name]):
            found.append(f"hook {name} must take exactly ({', '.join(HOOKS[name])})")
    return found


def _takes(arguments: ast.arguments, names: tuple[str, ...]) -> bool:
    """Whether these are the parameters, in order, and no others."""
    more = (arguments.posonlyargs, arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    return not any(more) and tuple(argument.arg for argument in arguments.args) == names


def normalised(source: str) -> str:
    """Code without comments and layout. Raises as `ast.parse` does."""
    return ast.dump(ast.parse(source), annotate_fields=False)


def render(given: Mapping[str, str]) -> str:
    """The template with these functions in their regions."""

    def fill(region: re.Match[str]) -> str:
        hook = region["hook"]
        if hook not in given:
            return region[0]
        return f"# region edge_ai:{hook}\n{given[hook].strip()}\n# endregion"

    return _REGION.sub(fill, TEMPLATE.read_text(encoding="utf-8"))
