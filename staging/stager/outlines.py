"""The doors and windows of one photo, as a process of its own: a path in, one line of JSON out.

Run by `staging.openings` only. It has no token, no database and no network.
"""

import json
import os
import sys

import cv2
import numpy as np

from staging.stager.camera import NoCamera, find_camera, working_copy
from staging.stager.openings import find_openings, project_opening
from staging.stager.room import LEAST_CONFIDENCE, Room, find_room

NICENESS = 5
LEAST_SEEN = 0.002
"""Of the photo's area: what is smaller once it is cut off at the photo's sides is not suggested."""
UNSURE = (
    "No room with a back wall could be made out in this photo, so nothing is suggested. "
    "Outline its doors and windows by hand."
)


def main(path: str) -> int:
    """Write {"openings": [{kind, corners}]}, corners as fractions of the photo, or {"refused": sentence}."""
    os.nice(NICENESS)
    sys.stdout.write(json.dumps(answer(path)))
    return 0


def answer(path: str) -> dict[str, object]:
    """Return what `main` writes."""
    photo = cv2.imread(path, cv2.IMREAD_COLOR_RGB)
    if photo is None:
        return {"refused": "The room's picture cannot be read any more. Upload it again."}
    working = working_copy(np.asarray(photo, dtype=np.uint8))
    try:
        room = find_room(working, find_camera(working))
    except NoCamera:
        room = None
    if room is None or room.confidence < LEAST_CONFIDENCE:
        return {"refused": UNSURE}
    return {"openings": outlines(find_openings(working, room))}


def outlines(room: Room) -> list[dict[str, object]]:
    """Return the room's openings as their outlines in the photo: {kind, corners}, fractions of its size.

    What stands over the photo's sides is cut off there.
    """
    size = np.array([room.camera.width, room.camera.height], dtype=np.float64)
    frame = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    found = []
    for opening in room.openings:
        corners = (project_opening(room.camera, room, opening) / size).astype(np.float32)
        area, inside = cv2.intersectConvexConvex(cv2.convexHull(corners), frame)
        if area >= LEAST_SEEN:
            outline = np.clip(np.asarray(inside, dtype=np.float64).reshape(-1, 2), 0.0, 1.0)
            found.append({"kind": opening.kind, "corners": np.round(outline, 4).tolist()})
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
