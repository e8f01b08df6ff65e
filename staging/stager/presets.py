"""Quality for time: what each preset spends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PresetName = Literal["draft", "standard", "fine"]


@dataclass(frozen=True, slots=True)
class Preset:
    """What is traced how finely."""

    long_side: int
    """Pixels of the picture that outlines and textures are rendered at; a smaller photo is rendered at its own size."""
    divisor: int
    """Light and shadow are traced at this fraction of it, and brought back along edges and normals."""
    samples: int
    """A pixel of light, at first; where the picture stays unquiet, up to `most_samples`."""
    most_samples: int
    guide_samples: int
    """A pixel of the guides, which have noise at edges only."""
    empty_samples: int
    """A pixel of the empty room."""
    empty_divisor: int
    """The empty room's light is traced at this fraction: a multiple of `divisor`."""


PRESETS: Mapping[str, Preset] = {
    "draft": Preset(768, 3, 4, 12, 4, 16, 9),
    "standard": Preset(1024, 2, 8, 24, 4, 24, 8),
    "fine": Preset(1536, 1, 16, 64, 8, 32, 4),
}
