"""How the test server behaves: its options and its faults, as both of its ends write them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

TOKEN = "any-test-word"
"""What the test server takes for a token unless told otherwise."""

CALLS = ("create", "get", "list", "cancel", "upload", "file", "account", "model", "hardware", "webhook")
"""The kinds of API calls; "output" (a download) and "run" (what becomes of a prediction) can also have faults."""

DEEDS_BEFORE = ("refuse", "silent", "reset")
"""Faults that strike before anything is done: a create is not taken and not billed."""

DEEDS_AFTER = ("lost", "late", "drip", "truncated", "html", "list", "answer")
"""Faults that strike when all is done: a create is taken and billed."""

DEEDS_OUTPUT = ("refuse", "silent", "reset", "late", "drip", "truncated", "html", "huge", "redirect")

DEEDS_RUN = ("end", "cold", "vanish")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, by chance (`probability`), by script (`times`), or both.

    on: a kind of call (see CALLS), "api" for all of them, "output" for downloads, "run" for the prediction itself.

    do, on a call:
        refuse     answered with `status`; nothing was done
        silent     nothing is done, nothing is answered, the connection closes after `seconds`
        reset      the connection is reset; nothing was done
        lost       done, and the connection is closed without an answer
        late       done, and answered after `seconds`
        drip       done, and answered a byte every `seconds`
        truncated  done, and the connection is closed in the middle of the answer
        html       done, and answered with `status` and a page of HTML
        list       done, and answered with a JSON list
        answer     done, and answered once with `fields` laid over the answer and `drop` left out
    do, on "output": refuse, silent, reset, late, drip, truncated as above, and
        html       a page of HTML with status 200
        huge       `size_bytes` of zeros, without saying how many
        redirect   to `location`
    do, on "run":
        end        when it has run, `fields` are laid over the prediction and `drop` left out, for good
        cold       it starts `seconds` later
        vanish     the provider forgets it at once: billed, found nowhere
    """

    on: str
    do: str = "refuse"
    probability: float = 1.0
    times: int | None = None
    """None: for as long as the server lives."""
    model: str | None = None
    """Only creates, runs and downloads of this model."""
    status: int = 503
    seconds: float = 0.0
    body: Any = None
    """None: what Replicate says with that status."""
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    size_bytes: int = 64 * 1024 * 1024
    location: str = ""

    def __post_init__(self) -> None:
        allowed = {"output": DEEDS_OUTPUT, "run": DEEDS_RUN}.get(self.on, DEEDS_BEFORE + DEEDS_AFTER)
        if self.on not in (*CALLS, "api", "output", "run") or self.do not in allowed:
            raise ValueError(f"no fault {self.do!r} on {self.on!r}")


def failing(error: str, **more: Any) -> Fault:
    """Return the fault by which the model fails with this text."""
    return Fault(on="run", do="end", fields={"status": "failed", "error": error, "output": None}, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How the server behaves. Durations are seconds; two servers with one seed draw the same faults."""

    port: int = 0
    """0: any free port."""
    token: str = TOKEN
    seed: int = 1
    seconds: float = 0.2
    """How long a prediction runs, on average."""
    jitter: float = 0.2
    """A run takes `seconds` ± this part of it."""
    queue_seconds: float = 0.05
    """How long a prediction waits before it runs."""
    model_seconds: Mapping[str, float] = field(default_factory=dict)
    """`seconds` for single models."""
    speed: float = 1.0
    """Everything above goes this many times faster."""
    latency_seconds: float = 0.0
    """How long every answer of the API takes."""
    creates_per_minute: float | None = None
    """Creates over this pace are answered 429; None: no limit."""
    create_burst: int = 60
    tiny_outputs: bool = False
    """Every output is one small picture, made once: for load."""
    lifetime_seconds: float = 3600.0
    """How long input and output are kept after the end, on the server's clock."""
    file_lifetime_seconds: float = 24 * 3600.0
    page_size: int = 100
    faults: tuple[Fault, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the options as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ServerOptions":
        """Return the options that `as_json` wrote."""
        return cls(**{**values, "faults": tuple(fault_from_json(fault) for fault in values.get("faults", ()))})


def fault_from_json(values: Mapping[str, Any]) -> Fault:
    """Return the fault that these values describe; ValueError or TypeError when there is none."""
    return Fault(**{**values, "drop": tuple(values.get("drop", ()))})
