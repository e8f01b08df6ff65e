"""Why Replicate said no, as sentences that may be shown to a person.

The package's ReplicateError keeps neither `invalid_fields` nor `retry_after` nor the headers
(facts/replicate.md §1), so these read the answer itself.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pydantic import JsonValue

from staging.errors import ProviderError, ProviderRefused, ProviderThrottled, ProviderUnavailable, Refusal

LONGEST_RETRY_AFTER_SECONDS = 60.0
"""Replicate's limits reset within seconds; whoever asks for an hour does not get it (facts/replicate.md §4.6)."""
USUAL_RETRY_AFTER_SECONDS = 5.0
_LONGEST_QUOTE = 300
_RESETS_IN = re.compile(r"resets in ~?(\d+(?:\.\d+)?)\s*s")

_FAILURES = (
    (
        re.compile(r"\(?E005\)?|flagged as sensitive|NSFW", re.IGNORECASE),
        Refusal.SENSITIVE,
        "The model's safety filter flagged the room or the prompt as sensitive. Change the prompt or the model.",
    ),
    (
        re.compile(r"E1001|out of memory", re.IGNORECASE),
        Refusal.MODEL_FAILED,
        "The model ran out of memory on this room. Retry, or use a smaller picture or another model.",
    ),
    (
        re.compile(r"\bcode: PA\b|Prediction interrupted", re.IGNORECASE),
        Refusal.MODEL_FAILED,
        "Replicate interrupted the prediction. Retry it.",
    ),
    (
        re.compile(r"E6716|timed? ?out starting", re.IGNORECASE),
        Refusal.MODEL_FAILED,
        "The model did not start in time at Replicate. Retry it in a few minutes.",
    ),
)


class Reasons:
    """Turns what Replicate answers into errors; no message ever holds the token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def of_answer(
        self, status: int, headers: Mapping[str, str], body: JsonValue, about: str, *, model: bool
    ) -> ProviderError:
        """Return the error that an answer of status 300 and more stands for, when it created nothing.

        `about` is what was asked for, fit for a sentence; `model` is true when that is a model.
        """
        told = body if isinstance(body, dict) else {}
        detail = self.quote(told.get("detail") or told.get("title") or "")
        if status == 429:
            seconds = retry_after_seconds(headers, told)
            return ProviderThrottled(f"Replicate asks for a pause of {seconds:.0f} seconds.", seconds)
        if status == 401:
            text = "Replicate does not accept the API token. Set REPLICATE_API_TOKEN to a valid one and start again."
            return ProviderRefused(text, Refusal.TOKEN)
        if status == 402:
            text = (
                "The Replicate account has too little credit for this. Buy credit at "
                "https://replicate.com/account/billing, wait a few minutes, and retry."
            )
            return ProviderRefused(text, Refusal.CREDIT)
        if status == 403:
            return ProviderRefused(f"Replicate does not allow this account to use {about}. {detail}", Refusal.TOKEN)
        if status == 404 and not told:
            return ProviderRefused("No Replicate API answers at this address. Check REPLICATE_BASE_URL.")
        if status == 404 and model:
            text = f"Replicate does not have {about} (any more), or this account may not run it. Choose another model."
            return ProviderRefused(text, Refusal.MODEL_GONE)
        if status in (404, 410):
            return ProviderRefused(f"Replicate does not know {about} (any more).", Refusal.NOT_FOUND)
        if status == 422 and "version" in str(told.get("title", "")).lower():
            text = f"Replicate does not know this version of {about}, or this account may not run it."
            return ProviderRefused(f"{text} Choose another model.", Refusal.MODEL_GONE)
        if status in (400, 413, 422):
            return ProviderRefused(
                f"Replicate refused the input of {about}: {self._fields(told) or detail or 'it gave no reason'}.",
                Refusal.INPUT,
            )
        if status < 400:
            text = "Replicate's address answers with a redirect. Check REPLICATE_BASE_URL."
            return ProviderRefused(text)
        if status >= 500 or status == 408:
            return ProviderUnavailable(f"Replicate is not available right now (status {status}).")
        return ProviderRefused(f"Replicate refused the call for {about} (status {status}). {detail}".rstrip())

    def of_failure(self, error: JsonValue) -> tuple[str, Refusal]:
        """Return the sentence and the kind for a prediction that failed with this `error`, text or not."""
        text = error if isinstance(error, str) else json.dumps(error) if error else ""
        for pattern, kind, sentence in _FAILURES:
            if pattern.search(text):
                return sentence, kind
        quoted = self.quote(text).rstrip(".")
        return (f"The model failed: {quoted}." if quoted else "The model failed and gave no reason."), (
            Refusal.MODEL_FAILED
        )

    def quote(self, text: JsonValue) -> str:
        """Return foreign text on one line, cut, and without the token."""
        line = " ".join(str(text).split())
        if self._token:
            line = line.replace(self._token, "…")
        return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"

    def _fields(self, told: Mapping[str, JsonValue]) -> str:
        """Return every refused field with its reason: "output_format must be one of …"."""
        fields = told.get("invalid_fields")
        reasons = []
        for fault in fields if isinstance(fields, list) else ():
            if isinstance(fault, dict):
                name = str(fault.get("field", "")).removeprefix("input").lstrip(".")
                reason = str(fault.get("description", "")).strip().rstrip(".")
                reasons.append(reason if not name or name in reason else f"{name}: {reason}")
        return self.quote("; ".join(reasons))


def retry_after_seconds(headers: Mapping[str, str], body: Mapping[str, JsonValue]) -> float:
    """Return how long to wait, from the body, the header (seconds or a date) or the text; 0.5 to 60 s."""
    seconds = _number(body.get("retry_after"))
    header = headers.get("retry-after", "")
    if seconds is None:
        seconds = _number(header)
    if seconds is None and header:
        try:
            seconds = (parsedate_to_datetime(header).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except ValueError:
            seconds = None
    if seconds is None and (found := _RESETS_IN.search(str(body.get("detail", "")))):
        seconds = float(found[1])
    return min(LONGEST_RETRY_AFTER_SECONDS, max(0.5, USUAL_RETRY_AFTER_SECONDS if seconds is None else seconds))


def _number(value: JsonValue) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except ValueError:
        return None
    return None if number is None or math.isnan(number) else number
