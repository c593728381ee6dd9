"""Pictures made here for the task `images`, and another set on which a network is pretrained.

    python -m edge_worker.bench.federated_pictures draw FOLDER
    python -m edge_worker.bench.federated_pictures pretrain FOLDER

**Simulated**: symbols of a font on cluttered backgrounds, drawn from a seed. They stand in for
somebody's photographs where no picture can be downloaded. Both sets share how they are drawn and
no symbol, as a home's pictures and a large public collection share the world and no label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from colorsys import hsv_to_rgb
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from edge_worker.catalogue.training_sets import Examples
from edge_worker.federated.tasks.pictures import PICTURE_SIDE

if TYPE_CHECKING:
    from PIL import Image, ImageFont


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A class of pictures."""

    symbol: str
    hue: float
    """Its usual place on the colour circle, 0..1; single pictures differ much from it."""


OBJECTS: Mapping[str, Thing] = {
    name: Thing(symbol=symbol, hue=place / 10)
    for place, (name, symbol) in enumerate(
        {
            "heart": "❤",
            "umbrella": "☂",
            "star": "★",
            "scissors": "✂",
            "knight": "♞",
            "anchor": "⚓",
            "snowman": "☃",
            "airplane": "✈",
            "skull": "☠",
            "telephone": "☎",
        }.items()
    )
}
"""Classes of the task, by the name of their folder."""
OTHERS = tuple(
    # The golden section spreads the hues evenly, however many there are.
    Thing(symbol=symbol, hue=place * 0.618 % 1)
    for place, symbol in enumerate(
        "☀☁☄☉☊☕☘☝☢☣☥☧☩☪☭☮☯☸☹☺☼☽☿♀♂♃♄♅♆♇♈♉♊♋♌♍♎♏♐♑♒♓♔♕♖♗"
        "♙♠♣♦♨♩♫♭♯♻⚀⚂⚄⚒⚔⚕⚖⚗⚘⚙⚛⚜⚠⚡✉✌✍✎✒✓✗✚✝✡✪✱❀❄❖❝❦➔➤"
    )
)
"""Classes of the other set."""
PER_CLASS = 100
OTHERS_PER_CLASS = 80
EPOCHS = 8

# Chosen so that a person names nearly all of them, and a ResNet-18 that federated training starts
# from nothing on a few hundred learns much in 30 rounds and not all; on seeds that the story
# doesn't use. Dark on light: with any colour on any other it learnt nothing in that time.
_SYMBOL_SHARE = (0.65, 0.9)
_TURN_DEG = 15.0
_HUE_SD = 0.045
_LEAST_CONTRAST = 75.0
_PATCH_SD = 20.0
_TINT_SD = 15.0
_NOISE_SD = 6.0
_SCRAPS = (1, 4)
_LETTERS = "ABCDEFGHKMNRSTXYZ2345789"

Pixels = NDArray[np.float64]
"""Shape (side, side, 3), 0..255."""


@dataclass(frozen=True, kw_only=True)
class _Pen:
    """What a picture is drawn with."""

    side: int
    chance: np.random.Generator

    def between(self, low: float, high: float) -> float:
        return float(self.chance.uniform(low, high))

    def colour(self, hue: float) -> NDArray[np.float64]:
        """A colour near this hue."""
        near = (hue + self.chance.normal(0, _HUE_SD)) % 1
        full = hsv_to_rgb(near, self.between(0.4, 1.0), self.between(0.3, 0.9))
        return 255 * np.array(full)

    def grey(self) -> NDArray[np.float64]:
        """Nearly grey, and light."""
        return self.between(150, 245) + self.chance.normal(0, _TINT_SD, 3)


def draw(thing: Thing, side: int, chance: np.random.Generator) -> Image.Image:
    """One picture of a thing: its size, place, turn, colours, background and noise are chance."""
    from PIL import Image

    pen = _Pen(side=side, chance=chance)
    canvas = _background(pen)
    for _ in range(int(chance.integers(*_SCRAPS))):
        canvas = _scrap(pen, canvas)
    canvas = _painted(canvas, _symbol(pen, thing.symbol), _standing_out(pen, canvas, thing.hue))
    light = pen.between(0.75, 1.2)
    noisy = canvas * light + chance.normal(0, _NOISE_SD, canvas.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def write_folders(folder: Path, per_class: int, seed: int) -> int:
    """Write `<folder>/<class>/<number>.png` as the task reads it; gives how many.

    Raises ValueError when the folder exists and holds something: nothing is mixed or replaced.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty; name a new folder")
    for label, (name, thing) in enumerate(OBJECTS.items()):
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            chance = np.random.default_rng((seed, label, number))
            draw(thing, PICTURE_SIDE, chance).save(folder / name / f"{number:04d}.png")
    return per_class * len(OBJECTS)


def other_pictures(per_class: int, seed: int, things: Sequence[Thing] = OTHERS) -> Examples:
    """The set to pretrain on, in memory, class by class. inputs: shape (n, 3, side, side), 0..1."""
    pictures = [
        np.asarray(draw(thing, PICTURE_SIDE, np.random.default_rng((seed, 1000 + label, number))))
        for label, thing in enumerate(things)
        for number in range(per_class)
    ]
    return Examples(
        inputs=np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255),
        labels=np.repeat(np.arange(len(things)), per_class),
    )


# --- Parts of a picture ------------------------------------------------------------------


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib and has the symbols."""
    import matplotlib as mpl
    from PIL import ImageFont

    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)


def _background(pen: _Pen) -> Pixels:
    """A soft patchwork of a few related colours."""
    from PIL import Image

    cells = int(pen.chance.integers(2, 6))
    patches = pen.grey() + pen.chance.normal(0, _PATCH_SD, (cells, cells, 3))
    small = Image.fromarray(patches.clip(0, 255).astype(np.uint8))
    soft = small.resize((pen.side, pen.side), Image.Resampling.BICUBIC)
    return np.asarray(soft, dtype=np.float64)


def _scrap(pen: _Pen, canvas: Pixels) -> Pixels:
    """Clutter: a line, a blob or a letter somewhere, half transparent."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (pen.side, pen.side))
    pencil = ImageDraw.Draw(mask)
    x, y, z, w = (pen.between(-0.1, 1.1) * pen.side for _ in range(4))
    kind = int(pen.chance.integers(3))
    if kind == 0:
        pencil.line((x, y, z, w), fill=255, width=int(pen.chance.integers(1, 5)))
    elif kind == 1:
        pencil.ellipse((min(x, z), min(y, w), max(x, z), max(y, w)), outline=255, width=2)
    else:
        letter = _LETTERS[int(pen.chance.integers(len(_LETTERS)))]
        size = int(pen.chance.integers(pen.side // 6, pen.side // 3))
        pencil.text((x, y), letter, fill=255, font=_font(size), anchor="mm")
    return _painted(canvas, mask, pen.colour(pen.between(0, 1)), opacity=pen.between(0.3, 0.8))


def _symbol(pen: _Pen, symbol: str) -> Image.Image:
    """The symbol's mask: scaled to a share of the side, narrowed, turned, put somewhere."""
    from PIL import Image, ImageDraw

    font = _font(4 * pen.side)
    left, top, right, bottom = font.getbbox(symbol)
    width, height = max(1, round(right - left)), max(1, round(bottom - top))
    drawn = Image.new("L", (width, height))
    ImageDraw.Draw(drawn).text((-left, -top), symbol, fill=255, font=font)
    scale = pen.between(*_SYMBOL_SHARE) * pen.side / max(width, height)
    narrowed = pen.between(0.75, 1.0)
    x, y = (narrowed, 1.0) if pen.chance.random() < 0.5 else (1.0, narrowed)
    drawn = drawn.resize((max(4, round(width * scale * x)), max(4, round(height * scale * y))))
    turned = drawn.rotate(
        pen.between(-_TURN_DEG, _TURN_DEG), resample=Image.Resampling.BICUBIC, expand=True
    )
    mask = Image.new("L", (pen.side, pen.side))
    room = (pen.side - turned.width, pen.side - turned.height)
    # A symbol wider than the room left sticks out on both sides, by a little.
    mask.paste(turned, (round(pen.between(0, 1) * room[0]), round(pen.between(0, 1) * room[1])))
    return mask


def _standing_out(pen: _Pen, canvas: Pixels, hue: float) -> NDArray[np.float64]:
    """A colour near this hue that can be told from the background's mean."""
    mean = canvas.mean(axis=(0, 1))
    while True:
        colour = pen.colour(hue)
        if float(np.abs(colour - mean).mean()) >= _LEAST_CONTRAST:
            return colour


def _painted(
    canvas: Pixels, mask: Image.Image, colour: NDArray[np.float64], opacity: float = 1.0
) -> Pixels:
    share = np.asarray(mask, dtype=np.float64)[..., None] / 255 * opacity
    return canvas * (1 - share) + colour * share


# --- Command line ------------------------------------------------------------------------

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.command("draw")
def draw_command(
    folder: Path,
    per_class: Annotated[int, typer.Option(min=1)] = PER_CLASS,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Draw the pictures of the story into FOLDER, one folder for each class."""
    try:
        count = write_folders(folder, per_class, seed)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(f"{count} pictures of {len(OBJECTS)} classes in {folder}")


@app.command("pretrain")
def pretrain_command(
    torch_home: Path,
    per_class: Annotated[int, typer.Option(min=2)] = OTHERS_PER_CLASS,
    epochs: Annotated[int, typer.Option(min=1)] = EPOCHS,
) -> None:
    """Pretrain MobileNetV2 on the other symbols; TORCH_HOME then names that folder for a run."""
    from edge_worker.bench.federated_pretraining import pretrain

    try:
        made = pretrain(torch_home, per_class=per_class, epochs=epochs, say=typer.echo)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(
        f"{made.file.name}: {made.pictures} pictures of {len(OTHERS)} symbols, "
        f"{made.accuracy:.3f} of the held-out ones right. Use it with TORCH_HOME={torch_home}"
    )


if __name__ == "__main__":
    app()
