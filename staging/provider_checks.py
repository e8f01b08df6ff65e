"""Looking at the provider from outside of the engine: whether it answers, and whether its models are still ours.

Each look opens a connection of its own and closes it: the engine's belongs to the engine's loop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from staging.config import Settings
from staging.errors import ParametersRefused
from staging.providers.replicate import ReplicateProvider
from staging.registry import ModelSpec
from staging.schemas import Difference, Schema, compare, live, recorded

Answer = TypeVar("Answer")
REPLICATE = "replicate"
NOT_CONNECTED = "Replicate is not connected. Set REPLICATE_API_TOKEN and start the app again."


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """What a model's own schema says now, against the one that our builder was written for."""

    model: str
    at: datetime
    ours: Schema
    theirs: Schema
    differences: tuple[Difference, ...]


class ProviderChecks:
    """Asks the provider directly. Callable from any thread that runs no loop; each call waits for its answer."""

    def __init__(self, settings: Settings, schemas: Path) -> None:
        self._settings = settings
        self._schemas = schemas

    def checks(self, spec: ModelSpec) -> bool:
        """True when there is a live schema to compare with: offline models have none."""
        return spec.provider == REPLICATE

    def schema(self, spec: ModelSpec) -> SchemaCheck:
        """Return what differs between the model's live schema and ours.

        ParametersRefused when there is nothing to ask, NotFound when nothing is recorded; any
        ProviderError says what the provider, or the way to it, did.
        """
        if not self.checks(spec):
            raise ParametersRefused(f"{spec.name} runs on this machine: there is no provider to check it against.")
        ours = recorded(spec.id.value, self._schemas)
        version, document = self._ask(lambda provider: provider.schema(spec.id.value))
        theirs = live(spec.id.value, version, document)
        differences = tuple(compare(ours, theirs, spec))
        return SchemaCheck(spec.id.value, datetime.now(UTC), ours, theirs, differences)

    def account(self) -> str:
        """Return the name of the account that the token belongs to; ProviderError says why it cannot be asked."""
        return self._ask(lambda provider: provider.account())

    def _ask(self, question: Callable[[ReplicateProvider], Awaitable[Answer]]) -> Answer:
        token = self._settings.replicate_api_token
        if token is None:
            raise ParametersRefused(NOT_CONNECTED)

        async def asked() -> Answer:
            provider = ReplicateProvider(
                token, base_url=self._settings.replicate_base_url, output_hosts=self._settings.output_hosts
            )
            try:
                return await question(provider)
            finally:
                await provider.close()

        return asyncio.run(asked())
