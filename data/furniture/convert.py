"""Make this folder's models from Debian's sweethome3d-furniture package.

    apt-get download sweethome3d-furniture && dpkg-deb -x sweethome3d-furniture_*.deb package
    python data/furniture/convert.py package/usr/share/sweethome3d/furniture/BlendSwap-CC-0.sh3f

The pack is a zip of Wavefront OBJ models with a catalogue of their real sizes. Each selected model
is scaled to its real size, given normals (the pack has none), and written as one small npz; equal
textures are stored once. See README.md for the format and selection.toml for what is taken.
"""

import argparse
import hashlib
import io
import json
import re
import shutil
import tomllib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).parent
CREASE_DEGREES = 40.0
"""Faces that meet at less than this share their normals: cushions are round, table edges are sharp."""
SMALLEST_AREA = 1e-9
"""Square metres: a fortieth of a millimetre either way."""
TEXTURE_PIXELS = 512
TEXTURE_QUALITY = 85
LIGHTEST = 0.85
"""No real paint reflects more; lighter materials would glow in the path tracer."""

Floats = NDArray[np.float64]


@dataclass
class Material:
    """One material of a model: its sRGB colour and, where it has one, its texture's path in the pack."""

    colour: tuple[float, float, float] = (0.6, 0.6, 0.6)
    opacity: float = 1.0
    texture: str | None = None


@dataclass
class Wavefront:
    """A model as its OBJ file tells it; `triangles` holds, by material, (vertex, texture vertex) indices."""

    positions: Floats
    coordinates: Floats
    triangles: dict[str, list[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]] = field(default_factory=dict)


def read_facts(pack: zipfile.ZipFile) -> dict[str, dict[str, str]]:
    """Return the pack's own facts (name, creator, width ... in cm), by model name."""
    entries: dict[str, dict[str, str]] = {}
    for line in pack.read("PluginFurnitureCatalog.properties").decode("latin1").splitlines():
        if match := re.match(r"(\w+)#(\d+)=(.*)", line.strip()):
            entries.setdefault(match[2], {})[match[1]] = match[3]
    return {PurePosixPath(entry["model"]).stem: entry for entry in entries.values() if "model" in entry}


def read_wavefront(text: str) -> Wavefront:
    """Return the model in an OBJ file; polygons are cut into fans."""
    positions: list[list[float]] = []
    coordinates: list[list[float]] = [[0.0, 0.0]]
    triangles: dict[str, list[Any]] = {}
    material = ""
    for line in text.splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            positions.append([float(number) for number in rest[:3]])
        elif kind == "vt":
            coordinates.append([float(number) for number in rest[:2]])
        elif kind == "usemtl":
            material = rest[0]
        elif kind == "f":
            corners = [_corner(word, len(positions), len(coordinates) - 1) for word in rest]
            fan = triangles.setdefault(material, [])
            fan.extend((corners[0], corners[i], corners[i + 1]) for i in range(1, len(corners) - 1))
    return Wavefront(np.array(positions), np.array(coordinates), triangles)


def _corner(word: str, positions: int, coordinates: int) -> tuple[int, int]:
    """Return 0-based vertex and 1-based texture vertex (0: none); OBJ counts from 1, or from the end when negative."""
    parts = word.split("/")
    vertex = int(parts[0])
    texture = int(parts[1]) if len(parts) > 1 and parts[1] else 0
    return (vertex - 1 if vertex > 0 else positions + vertex), (texture if texture >= 0 else coordinates + texture + 1)


def read_materials(text: str, folder: PurePosixPath) -> dict[str, Material]:
    """Return the materials of an MTL file by name."""
    materials: dict[str, Material] = {}
    current = Material()
    for line in text.splitlines():
        kind, *rest = line.split() or [""]
        if kind == "newmtl":
            current = materials[rest[0]] = Material()
        elif kind == "Kd":
            current.colour = (float(rest[0]), float(rest[1]), float(rest[2]))
        elif kind == "d":
            current.opacity = float(rest[0])
        elif kind == "map_Kd":
            current.texture = str(folder / rest[-1])
    return materials


def has_area(positions: Floats, faces: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which faces are more than a line: the others show nothing and have no normal."""
    a, b, c = (positions[faces[:, i]] for i in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) > SMALLEST_AREA)


def creased_normals(positions: Floats, faces: NDArray[np.int64]) -> Floats:
    """Return a unit normal for each corner, shape (faces, 3, 3): smooth over faces that meet gently."""
    a, b, c = (positions[faces[:, i]] for i in range(3))
    areas = np.cross(b - a, c - a)
    units = areas / np.maximum(np.linalg.norm(areas, axis=1, keepdims=True), 1e-12)
    normals = np.repeat(units[:, None], 3, axis=1)
    order = np.argsort(faces.ravel(), kind="stable")
    ends = np.flatnonzero(np.diff(faces.ravel()[order])) + 1
    limit = np.cos(np.radians(CREASE_DEGREES))
    for corners in np.split(order, ends):
        meeting = corners // 3
        gentle = units[meeting] @ units[meeting].T > limit
        smooth = gentle.astype(float) @ areas[meeting]
        normals[meeting, corners % 3] = smooth / np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-12)
    return normals


def to_metres(wavefront: Wavefront, facts: dict[str, str]) -> Floats:
    """Return positions in metres: x right, y back, z up, standing on z = 0, centred on x and y."""
    turn = np.array([float(number) for number in facts.get("modelRotation", "1 0 0 0 1 0 0 0 1").split()])
    turned = wavefront.positions @ turn.reshape(3, 3).T
    upright = np.stack([turned[:, 0], -turned[:, 2], turned[:, 1]], axis=1)  # OBJ: y up, z towards the viewer
    used = np.unique([corner[0] for fan in wavefront.triangles.values() for face in fan for corner in face])
    low, high = upright[used].min(axis=0), upright[used].max(axis=0)
    size = np.array([float(facts[key]) for key in ("width", "depth", "height")]) / 100
    anchor = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    return np.asarray((upright - anchor) * (size / np.maximum(high - low, 1e-9)))


def keep_texture(pack: zipfile.ZipFile, path: str) -> str:
    """Store the texture once, however many models use it; return its file name."""
    picture = Image.open(io.BytesIO(pack.read(path))).convert("RGB")
    picture.thumbnail((TEXTURE_PIXELS, TEXTURE_PIXELS))
    name = f"{hashlib.sha256(picture.tobytes()).hexdigest()[:12]}.jpg"
    (HERE / "textures").mkdir(exist_ok=True)
    picture.save(HERE / "textures" / name, quality=TEXTURE_QUALITY, optimize=True)
    return name


def parse_colour(text: str) -> tuple[float, float, float]:
    """Return "#rrggbb" as three numbers, 0 to 1."""
    return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def convert(pack: zipfile.ZipFile, name: str, wanted: dict[str, Any], facts: dict[str, str]) -> dict[str, Any]:
    """Write models/<name>.npz; return the model's entry in the catalogue."""
    path = PurePosixPath(facts["model"].lstrip("/"))
    wavefront = read_wavefront(pack.read(str(path)).decode("latin1"))
    materials = read_materials(pack.read(str(path.with_suffix(".mtl"))).decode("latin1"), path.parent)
    positions = to_metres(wavefront, facts)
    names = list(wavefront.triangles)
    corners = np.array([face for material in names for face in wavefront.triangles[material]])  # (faces, 3, 2)
    kept = has_area(positions, corners[..., 0])
    owners = np.repeat(np.arange(len(names)), [len(wavefront.triangles[material]) for material in names])[kept]
    corners = corners[kept]
    normals = creased_normals(positions, corners[..., 0])
    used = np.unique(corners[..., 0])  # some files hold stray vertices far away
    low, high = positions[used].min(axis=0), positions[used].max(axis=0)
    steps = np.round((positions - low) / np.maximum(high - low, 1e-9) * 65535)
    coordinates = wavefront.coordinates * [1, -1] + [0, 1]  # OBJ counts v from the bottom
    rows = np.concatenate(
        [
            steps[corners[..., 0].ravel()],
            np.round(normals.reshape(-1, 3) * 127),
            np.round(coordinates[corners[..., 1].ravel()] * 4096),
        ],
        axis=1,
    ).astype(np.int64)
    vertices, indices = np.unique(rows, axis=0, return_inverse=True)
    counts = np.bincount(owners, minlength=len(names))
    (HERE / "models").mkdir(exist_ok=True)
    np.savez_compressed(
        HERE / "models" / f"{name}.npz",
        positions=vertices[:, :3].astype(np.uint16),
        bounds=np.stack([low, high]).astype(np.float32),
        normals=vertices[:, 3:6].astype(np.int8),
        coordinates=(vertices[:, 6:] / 4096).astype(np.float32),
        faces=indices.reshape(-1, 3).astype(np.uint32),
        part_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32),
    )
    recoloured = wanted.get("colours", {})
    unknown = {*recoloured, *wanted.get("fabric", ())} - set(names)
    if unknown:
        raise SystemExit(f"{name} has no material {sorted(unknown)}; it has {names}")
    parts, held = [], set(pack.namelist())  # some name a picture on their author's own disk
    for material in names:
        facts_of = materials.get(material, Material())
        colour = parse_colour(recoloured[material]) if material in recoloured else facts_of.colour
        coloured = material in recoloured or material in wanted.get("fabric", ())  # its picture would hide the colour
        parts.append(
            {
                "material": material,
                "colour": [round(min(channel, LIGHTEST), 3) for channel in colour],
                "texture": keep_texture(pack, facts_of.texture) if facts_of.texture in held and not coloured else None,
                "opacity": facts_of.opacity if material not in recoloured else 1.0,
                "fabric": material in wanted.get("fabric", ()),
            }
        )
    size = high - low
    return {
        "name": name,
        "role": wanted["role"],
        "styles": wanted["styles"],
        "title": facts["name"],
        "author": facts.get("creator", ""),
        "width": round(float(size[0]), 3),
        "depth": round(float(size[1]), 3),
        "height": round(float(size[2]), 3),
        "nook": wanted.get("nook", [0.0, round(float(size[1]), 3)]),
        "triangles": int(counts.sum()),
        "parts": parts,
    }


def main() -> None:
    """Convert every model of selection.toml."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path, help="BlendSwap-CC-0.sh3f")
    pack_path: Path = parser.parse_args().pack
    for made in ("models", "textures"):
        shutil.rmtree(HERE / made, ignore_errors=True)  # nothing stays of what is no longer selected
    selection = tomllib.loads((HERE / "selection.toml").read_text())
    with zipfile.ZipFile(pack_path) as pack:
        facts = read_facts(pack)
        catalogue = [convert(pack, name, wanted, facts[name]) for name, wanted in selection.items()]
    (HERE / "catalogue.json").write_text(json.dumps(catalogue, indent=1) + "\n")
    size = sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file())
    print(f"{len(catalogue)} models, {size / 1e6:.1f} MB in all")  # noqa: T201 - a script for a shell


if __name__ == "__main__":
    main()
