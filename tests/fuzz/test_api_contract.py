"""The API against its OpenAPI document, at length."""

from pathlib import Path

import pytest

from tests.api_contract import ask_whatever_is_allowed
from tests.api_keys import api_of
from tests.labs import UNCHANGED, lab_at

pytestmark = pytest.mark.fuzz
EXAMPLES = 200


def test_many_things_that_the_document_allows_or_not(tmp_path: Path) -> None:
    with (
        lab_at(tmp_path / "data", default_model=UNCHANGED, api_rate=1_000.0, api_burst=100_000) as lab,
        api_of(lab) as api,
    ):
        seen = ask_whatever_is_allowed(api, EXAMPLES)
    print(f"{sum(seen.values())} requests; answers by status:")
    for status in sorted({status for _, status in seen}):
        print(f"  {status}: {sum(count for (_, other), count in seen.items() if other == status)}")
    assert not [status for _, status in seen if status >= 500]
