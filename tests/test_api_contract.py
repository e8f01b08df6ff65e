"""The API keeps to its OpenAPI document, whatever it is asked; the long form is in tests/fuzz."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.openapi.utils import get_openapi
from schemathesis.checks import FailureGroup

from tests.api_contract import ask_whatever_is_allowed
from tests.api_keys import api_of
from tests.labs import UNCHANGED, lab_at

EXAMPLES = 6


@pytest.mark.timeout(900)  # twelve routes by four roles, on a machine that may be busy
def test_whatever_the_document_allows_is_answered_as_it_says(tmp_path: Path) -> None:
    with (
        lab_at(tmp_path / "data", default_model=UNCHANGED, api_rate=1_000.0, api_burst=10_000) as lab,
        api_of(lab) as api,
    ):
        seen = ask_whatever_is_allowed(api, EXAMPLES)

    routes = {route for route, _ in seen}
    assert len(routes) == 12
    assert {route for route, status in seen if status < 300} >= routes - {
        "POST /jobs", "GET /jobs/{job_id}", "POST /jobs/{job_id}/cancel", "POST /webhooks/replicate",
        "PUT /admin/settings/model", "PUT /admin/projects/{name}/model",
    }  # fmt: skip
    assert not [status for _, status in seen if status >= 500]


def test_an_answer_that_the_document_does_not_describe_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""

    def of_another_release(**told: Any) -> dict[str, Any]:
        document = get_openapi(**told)
        document["components"]["schemas"]["ModelsTold"]["required"].append("colour")
        return document

    monkeypatch.setattr("staging.api_app.get_openapi", of_another_release)
    with (
        lab_at(tmp_path / "data", api_rate=1_000.0, api_burst=10_000) as lab,
        api_of(lab) as api,
        pytest.raises(FailureGroup, match="colour"),
    ):
        ask_whatever_is_allowed(api, 2)
