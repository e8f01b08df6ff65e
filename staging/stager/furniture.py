"""The furniture there is: what each piece is for, how big it is, and its triangles when it is drawn.

Models come from data/furniture (see its README); tables and rugs are built by `staging.stager.carpentry`.
"""

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from staging.stager.camera import Pixels

FOLDER = Path(__file__).resolve().parents[2] / "data" / "furniture"

Colour = tuple[float, float, float]
"""sRGB, 0 to 1."""
Triangles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Part:
    """Triangles of one material. Metres: x right, y back, z up; the piece faces −y and stands on z = 0."""

    positions: Triangles
    """(vertices, 3)"""
    normals: Triangles
    """(vertices, 3), of length 1"""
    coordinates: Triangles
    """(vertices, 2): where in the texture; v counts from its top"""
    faces: NDArray[np.uint32]
    """(triangles, 3): vertices"""
    colour: Colour
    texture: Pixels | None = None
    """(rows, columns, RGB); replaces the colour"""
    opacity: float = 1.0
    fabric: bool = False
    """True when it takes the colour chosen for the textiles."""


@dataclass(frozen=True, slots=True)
class Style:
    """What a style means with the furniture there is."""

    name: str
    like: str
    """The family of models used."""
    fabrics: tuple[Colour, ...]
    wood: Colour
    metal: Colour
    rugs: tuple[tuple[Colour, Colour], ...]
    """Ground and border."""
    fullness: float = 1.0
    """The chance of each piece that a room can do without."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of furniture, without its triangles. Sizes in metres."""

    name: str
    role: str
    width: float
    depth: float
    height: float
    styles: tuple[str, ...] = ()
    """Families of styles it suits; none: every one."""
    nook: tuple[float, float] = (0.0, 0.0)
    """Where a low table before it goes: how far to the right, and how far before its back the table begins."""
    build: Callable[[], tuple[Part, ...]] | None = field(default=None, repr=False, compare=False)
    """Makes the triangles of a built piece, when it is drawn; the others are read by `Catalogue.parts`."""


class Catalogue:
    """The models of data/furniture and the styles they can be shown in."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        entries = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
        self._entries = {entry["name"]: entry for entry in entries}
        self.pieces = tuple(
            Piece(
                name=entry["name"],
                role=entry["role"],
                width=entry["width"],
                depth=entry["depth"],
                height=entry["height"],
                styles=tuple(entry["styles"]),
                nook=tuple(entry["nook"]),
            )
            for entry in entries
        )
        self.authors = tuple(sorted({entry["author"] for entry in entries}))
        words = tomllib.loads((folder / "styles.toml").read_text(encoding="utf-8"))
        self.styles = {name: _read_style(name, entry) for name, entry in words.items()}

    def style(self, name: str) -> Style:
        """Return the style; one that is not known is shown as the first there is."""
        return self.styles.get(name.strip().lower(), next(iter(self.styles.values())))

    def of(self, role: str, style: Style) -> list[Piece]:
        """Return the pieces for this role that suit the style, or all of the role when none does."""
        able = [piece for piece in self.pieces if piece.role == role]
        return [piece for piece in able if not piece.styles or style.like in piece.styles] or able

    def suits(self, role: str, style: Style) -> bool:
        """Return True when there is a piece for this role that suits the style, not only one of another style."""
        return any(p.role == role and (not p.styles or style.like in p.styles) for p in self.pieces)

    def parts(self, piece: Piece) -> tuple[Part, ...]:
        """Return the piece's triangles, by material."""
        if piece.build is not None:
            return piece.build()
        with np.load(self._folder / "models" / f"{piece.name}.npz") as model:
            low, high = model["bounds"]
            positions = (model["positions"] / np.float32(65535) * (high - low) + low).astype(np.float32)
            normals = model["normals"].astype(np.float32)
            normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
            coordinates, faces, starts = model["coordinates"], model["faces"], model["part_starts"]
        parts = []
        for index, entry in enumerate(self._entries[piece.name]["parts"]):
            used, local = np.unique(faces[starts[index] : starts[index + 1]], return_inverse=True)
            parts.append(
                Part(
                    positions=positions[used],
                    normals=normals[used],
                    coordinates=coordinates[used],
                    faces=local.reshape(-1, 3).astype(np.uint32),
                    colour=tuple(entry["colour"]),
                    texture=self._texture(entry["texture"]),
                    opacity=entry["opacity"],
                    fabric=entry["fabric"],
                )
            )
        return tuple(parts)

    def _texture(self, name: str | None) -> Pixels | None:
        if name is None:
            return None
        with Image.open(self._folder / "textures" / name) as picture:
            return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def _read_style(name: str, entry: dict[str, object]) -> Style:
    def colours(values: object) -> tuple[Colour, ...]:
        assert isinstance(values, Sequence)
        return tuple(parse_colour(str(value)) for value in values)

    rugs, fullness = entry["rugs"], entry["fullness"]
    assert isinstance(fullness, float)
    assert isinstance(rugs, Sequence)
    return Style(
        name=name,
        like=str(entry["like"]),
        fabrics=colours(entry["fabrics"]),
        wood=parse_colour(str(entry["wood"])),
        metal=parse_colour(str(entry["metal"])),
        rugs=tuple((colours(pair)[0], colours(pair)[1]) for pair in rugs),
        fullness=fullness,
    )


def parse_colour(text: str) -> Colour:
    """Return "#rrggbb" as three numbers, 0 to 1."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue
