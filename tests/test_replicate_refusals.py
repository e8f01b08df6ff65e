"""What Replicate says no with, as errors and sentences; and when a create is in doubt."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from staging.errors import AnswerLost, ProviderRefused, ProviderThrottled, ProviderUnavailable, Refusal
from staging.providers.base import Stage
from staging.providers.replicate import ReplicateProvider
from staging.providers.replicate_reasons import Reasons, retry_after_seconds
from staging.providers.replicate_snapshots import moment, progress
from tests.asking import ADIRIK, MODEL, ask, finished, refusal, submission
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault, failing


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault(on="create", status=401), Refusal.TOKEN, "Set REPLICATE_API_TOKEN"),
        (Fault(on="create", status=402), Refusal.CREDIT, "Buy credit"),
        (Fault(on="create", status=403), Refusal.TOKEN, "does not allow this account to use the model"),
        (Fault(on="create", status=404), Refusal.MODEL_GONE, f"does not have the model {MODEL}"),
        (Fault(on="create", status=422), Refusal.MODEL_GONE, "does not know this version of the model"),
        (Fault(on="create", status=413, body={"detail": "Too large"}), Refusal.INPUT, "Too large"),
        (Fault(on="create", status=418), Refusal.OTHER, "status 418"),
        (Fault(on="create", status=404, body=[]), Refusal.OTHER, "REPLICATE_BASE_URL"),
    ],
)
def test_a_refusal_is_a_sentence_of_its_kind_and_nothing_is_billed(
    fault: Fault, kind: Refusal, words: str, replicate_server: ReplicateServer
) -> None:
    replicate_server.add_faults(fault)
    error = refusal(replicate_server, lambda provider: provider.create(submission()))
    assert isinstance(error, ProviderRefused)
    assert (error.kind, words in str(error)) == (kind, True), str(error)
    assert replicate_server.billed() == []


def test_a_refused_input_names_every_field(replicate_server: ReplicateServer) -> None:
    error = refusal(replicate_server, lambda provider: provider.create(submission(prompt="", output_format="gif")))
    assert isinstance(error, ProviderRefused)
    assert error.kind is Refusal.INPUT
    assert "prompt is required" in str(error)
    assert 'output_format must be one of the following: "webp", "jpg", "png"' in str(error)


def test_a_community_model_without_its_version_is_gone(replicate_server: ReplicateServer) -> None:
    error = refusal(replicate_server, lambda provider: provider.create(submission(ADIRIK)))
    assert isinstance(error, ProviderRefused)
    assert error.kind is Refusal.MODEL_GONE


@pytest.mark.parametrize("prompt", ["\ud800", float("nan")])
def test_an_input_that_no_json_can_hold_is_refused_before_it_is_sent(
    prompt: object, replicate_server: ReplicateServer
) -> None:
    error = refusal(replicate_server, lambda provider: provider.create(submission(prompt=prompt)))
    assert isinstance(error, ProviderRefused)
    assert error.kind is Refusal.INPUT
    assert replicate_server.ledger()["calls"] == {}


# Which answers to a create leave no doubt. 429 and 503 are the API's own "not now"; Replicate's own JavaScript
# client sends a create again after 429 only, and a 503 counts here only as a problem document of the API's.
CERTAIN = [
    Fault(on="create", status=429),
    Fault(on="create", status=503),
    Fault(on="create", status=408),
]
DOUBTFUL = [
    Fault(on="create", do="reset"),
    Fault(on="create", do="lost"),
    Fault(on="create", do="truncated"),
    Fault(on="create", do="html", status=200),
    Fault(on="create", do="html", status=502),
    Fault(on="create", do="html", status=504),
    Fault(on="create", do="list"),
    Fault(on="create", do="answer", drop=("id",)),
    Fault(on="create", do="answer", fields={"id": "../account"}),
    Fault(on="create", do="answer", fields={"status": None}),
    Fault(on="create", do="refuse", status=500),
    Fault(on="create", do="refuse", status=502),
    Fault(on="create", do="refuse", status=504),
    Fault(on="create", do="refuse", status=503, body="Service Unavailable", headers={"X-Gateway": "yes"}),
]


@pytest.mark.parametrize("fault", CERTAIN, ids=lambda fault: f"{fault.status}")
def test_a_create_that_was_certainly_not_taken_may_be_sent_again(
    fault: Fault, replicate_server: ReplicateServer
) -> None:
    replicate_server.add_faults(fault)
    error = refusal(replicate_server, lambda provider: provider.create(submission()))
    assert isinstance(error, ProviderUnavailable)
    assert replicate_server.ledger()["predictions"] == []


@pytest.mark.parametrize("fault", DOUBTFUL, ids=lambda fault: f"{fault.do} {fault.status}")
def test_a_create_whose_answer_is_no_answer_is_in_doubt(fault: Fault, replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(fault)
    error = refusal(replicate_server, lambda provider: provider.create(submission()))
    assert isinstance(error, AnswerLost)
    assert "not known yet" in str(error)
    # One call, whatever came of it: nothing below us sends a create twice.
    assert replicate_server.ledger()["calls"] == {"create": 1}


def test_an_unreachable_replicate_is_a_passing_fault_even_for_a_create(replicate_server: ReplicateServer) -> None:
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        ask(replicate_server, lambda provider: provider.create(submission()), base_url="http://127.0.0.1:9")


def test_an_address_that_is_none_is_refused_by_its_settings_name(replicate_server: ReplicateServer) -> None:
    with pytest.raises(ProviderRefused, match="REPLICATE_BASE_URL"):
        ask(replicate_server, lambda provider: provider.create(submission()), base_url="gopher://127.0.0.1")


@pytest.mark.parametrize(
    ("header", "body", "least", "most"),
    [
        ("", {"retry_after": 3}, 3, 3),
        ("8", {"retry_after": 3}, 3, 3),
        ("9", {}, 9, 9),
        ("soon", {}, 5, 5),
        ("", {"detail": "Request was throttled. Your rate limit resets in ~7s."}, 7, 7),
        ("", {}, 5, 5),
        ("3600", {}, 60, 60),
        ("", {"retry_after": -4}, 0.5, 0.5),
        ("", {"retry_after": "nan"}, 5, 5),
        ("", {"retry_after": True}, 5, 5),
        ("", {"retry_after": [1]}, 5, 5),
    ],
)
def test_a_pause_is_what_the_answer_says_within_bounds(
    header: str, body: dict[str, Any], least: float, most: float
) -> None:
    assert least <= retry_after_seconds({"retry-after": header}, body) <= most


def test_a_pause_until_a_moment_is_the_time_that_is_left() -> None:
    moment = (datetime.now(UTC) + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")

    assert 25 <= retry_after_seconds({"retry-after": moment}, {}) <= 30


def test_a_throttled_create_tells_the_pause(replicate_server: ReplicateServer) -> None:
    replicate_server.reset(creates_per_minute=2, create_burst=1)

    async def deeds(provider: ReplicateProvider) -> None:
        for seed in range(2):
            await provider.create(submission(seed=seed))

    error = refusal(replicate_server, deeds)
    assert isinstance(error, ProviderThrottled)
    assert 5 <= error.retry_after_seconds <= 30


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("The input or output was flagged as sensitive. (E005)", Refusal.SENSITIVE, "safety filter"),
        ("NSFW content detected. Try running it again", Refusal.SENSITIVE, "safety filter"),
        ("CUDA out of memory. Tried to allocate 2 GiB", Refusal.MODEL_FAILED, "ran out of memory"),
        ("Director: unexpected error (E1001)", Refusal.MODEL_FAILED, "ran out of memory"),
        ("Prediction interrupted; please retry (code: PA)", Refusal.MODEL_FAILED, "interrupted"),
        ("Director: timed out (E6716)", Refusal.MODEL_FAILED, "did not start in time"),
        ("list index\n out of range", Refusal.MODEL_FAILED, "The model failed: list index out of range."),
        ("x" * 5000, Refusal.MODEL_FAILED, "…"),
        ("", Refusal.MODEL_FAILED, "gave no reason"),
    ],
)
def test_a_model_that_failed_says_why_in_a_sentence(text: str, kind: Refusal, words: str) -> None:
    sentence, found = Reasons("").of_failure(text)
    assert found is kind
    assert words in sentence
    assert len(sentence) < 350


def test_a_failed_prediction_brings_its_sentence(replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(failing("The input or output was flagged as sensitive. (E005)"))
    final = ask(replicate_server, finished)
    assert (final.stage, final.error_kind) == (Stage.FAILED, Refusal.SENSITIVE)
    assert "safety filter" in str(final.error)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2023-11-27T13:35:45.99397566Z", datetime(2023, 11, 27, 13, 35, 45, 993975, tzinfo=UTC)),
        ("2023-11-16T11:46:01.04Z", datetime(2023, 11, 16, 11, 46, 1, 40000, tzinfo=UTC)),
        ("2023-11-16T12:46:01+01:00", datetime(2023, 11, 16, 11, 46, 1, tzinfo=UTC)),
        ("2023-11-16T11:46:01", datetime(2023, 11, 16, 11, 46, 1, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_a_moment_is_read_in_every_form_and_always_aware(told: Any, expected: datetime | None) -> None:
    assert moment(told) == expected


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        (" 18%|█▊        | 9/50 [00:01<00:03, 11.76it/s]\n", 0.18),
        ("  0%|          | 0/50\r 50%|█████     | 25/50\r", 0.5),
        ("100%|██████████| 50/50\nDone: 3% left", 1.0),
        ("999%|x|", 1.0),
        ("loading weights: 40% of memory", None),
        ("", None),
        (None, None),
    ],
)
def test_progress_is_that_of_the_last_bar_in_the_logs(logs: str | None, expected: float | None) -> None:
    assert progress(logs) == expected
