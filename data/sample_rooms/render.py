"""Render the sample rooms, and write down what a renderer knows of them.

    python3.11 -m venv rooms && rooms/bin/pip install bpy==5.0.1
    npm pack @pmndrs/assets && tar xzf pmndrs-assets-*.tgz
    rooms/bin/python data/sample_rooms/render.py --skies package/hdri --out OUT kitchen dining
    python data/sample_rooms/render.py --truth

Blender's licence (GPL) holds for Blender, not for pictures made with it; it is no dependency of the
product. Geometry, materials and textures are made here; the view outside is a CC0 HDRI. The same
scene and version of Blender give the same picture but for noise. `--truth` needs no Blender: it
writes truth.json, which the tests hold the stager against. This file is the command line; scenes.py
reads the scenes and tells their truth, photos.py builds and renders them.
"""

import argparse
import json
from pathlib import Path

from scenes import HERE, read_scenes, truth


def main() -> None:
    """Render the named scenes, or write truth.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--truth", action="store_true", help="write truth.json of all scenes")
    parser.add_argument("--skies", type=Path, help="the folder hdri of npm's @pmndrs/assets")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--width", type=int, help="pixels, for a trial")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    scenes = read_scenes()
    if asked.truth:
        known = {f"{name}.jpg": truth(scene) for name, scene in scenes.items()}
        (HERE / "truth.json").write_text(json.dumps(known, indent=1) + "\n")
    if not asked.names:
        return
    from photos import build, render  # imports bpy, which --truth must do without

    for name in asked.names:
        scene = scenes[name]
        if asked.width:
            scene["pixels"] = [asked.width, round(asked.width * scene["pixels"][1] / scene["pixels"][0])]
        build(scene, asked.skies)
        render(asked.out.resolve() / f"{name}.jpg", scene["pixels"], asked.samples, asked.threads)


if __name__ == "__main__":
    main()
