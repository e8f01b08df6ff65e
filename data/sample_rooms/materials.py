"""What surfaces are made of: a colour, a repeated texture, glass."""

import math
from typing import Any

import bpy
import numpy as np
from textures import planks, speckle, tiles

WHITE, METAL = (0.82, 0.82, 0.80), (0.6, 0.6, 0.6)


def plain(name: str, colour: Any, rough: float = 0.6, metallic: float = 0.0) -> Any:
    """Return a material of one colour."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    surface = material.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (*colour, 1)
    surface.inputs["Roughness"].default_value = rough
    surface.inputs["Metallic"].default_value = metallic
    return material


def pictured(name: str, picture: np.ndarray, metres: float, rough: float, *, turned: bool = False) -> Any:
    """Return a material that repeats a picture every so many metres."""
    rows, columns = picture.shape[:2]
    image = bpy.data.images.new(name, columns, rows)
    encoded = np.where(picture <= 0.0031308, picture * 12.92, 1.055 * np.maximum(picture, 1e-6) ** (1 / 2.4) - 0.055)
    pixels = np.ones((rows, columns, 4), np.float32)
    pixels[..., :3] = encoded
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    material = plain(name, (1, 1, 1), rough)
    tree = material.node_tree
    texture, place, mapping = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexImage", "TexCoord", "Mapping"))
    texture.image, texture.projection = image, "BOX"
    mapping.inputs["Scale"].default_value = (1 / metres,) * 3
    mapping.inputs["Rotation"].default_value = (0, 0, math.radians(90 if turned else 0))
    mapping.inputs["Location"].default_value = (0.137, 0.211, 0.05)
    tree.links.new(place.outputs["Object"], mapping.inputs[0])
    tree.links.new(mapping.outputs[0], texture.inputs[0])
    tree.links.new(texture.outputs[0], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return material


def floor_material(told: dict[str, Any]) -> Any:
    """Return the floor's material."""
    kind, base, turned = told["kind"], told["base"], told.get("turned", False)
    if kind == "planks":
        return pictured("floor", planks(base, told["vary"], told.get("width", 0.15)), 4.0, 0.36, turned=turned)
    if kind == "tiles":
        return pictured("floor", tiles(base, told.get("width", 0.6)), 3.6, told.get("rough", 0.25))
    if kind == "carpet":
        return pictured("floor", speckle(base, 0.28, (7, 3, 2)), 1.2, 0.95)
    return pictured("floor", speckle(base, 0.16, (220, 70, 25, 4)), 4.3, 0.3)


def glass() -> Any:
    """Return a pane's material: seen through, with the sky mirrored in it."""
    material = plain("glass", (1, 1, 1))
    tree = material.node_tree
    clear, mirror, share, mixed = (
        tree.nodes.new(f"ShaderNode{kind}") for kind in ("BsdfTransparent", "BsdfGlossy", "Fresnel", "MixShader")
    )
    mirror.inputs["Roughness"].default_value = 0.0
    share.inputs["IOR"].default_value = 1.5
    tree.links.new(share.outputs[0], mixed.inputs[0])
    tree.links.new(clear.outputs[0], mixed.inputs[1])
    tree.links.new(mirror.outputs[0], mixed.inputs[2])
    tree.links.new(mixed.outputs[0], tree.nodes["Material Output"].inputs[0])
    return material
