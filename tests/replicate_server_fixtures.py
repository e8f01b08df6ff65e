"""The fixture `replicate_server`: one process a session, forgotten between tests."""

from collections.abc import Iterator

import pytest

from tests.replicate_server import ReplicateServer


@pytest.fixture(scope="session")
def _replicate_process() -> Iterator[ReplicateServer]:
    with ReplicateServer(tiny_outputs=True) as server:
        yield server


@pytest.fixture
def replicate_server(_replicate_process: ReplicateServer) -> ReplicateServer:
    """A server that knows nothing yet; `reset(seconds=…)` changes its options."""
    _replicate_process.reset()
    return _replicate_process
