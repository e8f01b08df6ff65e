"""The models: one file a family, and the registry of them all.

A new one starts with docs/guides/ADDING_NEW_MODEL.md.
"""

from staging.models import (
    flux_2,
    flux_kontext,
    gpt_image,
    interior,
    judges,
    nano_banana,
    offline,
    qwen,
    reve,
    seedream,
)
from staging.registry import DEFAULT_MODEL, ModelRegistry

FAMILIES = (
    qwen,
    flux_kontext,
    flux_2,
    nano_banana,
    seedream,
    gpt_image,
    reve,
    interior,
    offline,
    judges,
)


def default_registry(default: str = DEFAULT_MODEL) -> ModelRegistry:
    """Return the registry of every model of the house.

    UnknownModel, with the list of known ones, when the default is not among them.
    """
    registry = ModelRegistry(default)
    for family in FAMILIES:
        for spec in family.MODELS:
            registry.register(spec)
    registry.editor(default)
    return registry
