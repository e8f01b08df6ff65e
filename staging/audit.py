"""The audit log's terms: what an entry says, how entries are chained, and what of a chain is broken.

Each entry carries the SHA-256 of the one before it and its own: over that digest and the canonical
JSON of what the entry says. So a change to any entry shows, unless all after it are written anew;
that shows against the head, which is kept outside the ledger.
"""

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from pydantic import JsonValue

GENESIS = "0" * 64
"""What stands for the digest before the first entry."""
HIDDEN = "(hidden)"
EVERYDAY = frozenset({"model set", "openings", "floor"})
"""The kinds of documents that anybody who works here writes all day: every other kind is privileged."""

_SECRET_NAME = re.compile(
    r"(^|[_\s-])(secret|token|password|passphrase|credential|authorization|cookie|(api|private)[_\s-]?key|hash)s?"
    r"($|[_\s-])",
    re.IGNORECASE,
)
_SECRET_LOOK = re.compile(r"\br8_[A-Za-z0-9]{8,}|(?i:\bbearer\s+)\S{8,}|(?<=://)[^/\s@]+(?=@)")
_NOTHING = "nothing"
_SHORT, _AROUND, _LONGEST = 60, 24, 300
"""Characters: a text that is shown whole, what is shown around a difference, and the most that is shown."""
_MOST_CANDIDATES = 64
"""An entry that is broken is looked for among so many other places, so that a wreck is told quickly too."""


@dataclass(frozen=True)
class Entry:
    """One privileged act, as the log keeps it."""

    sequence: int
    """Counts from 1, without a gap."""
    at: datetime
    actor: str
    origin: str
    """Where it was done from: "page", "command line", "API key <name>"."""
    act: str
    subject: str
    before: JsonValue
    """Of what was changed, only what differs; None when there was nothing."""
    after: JsonValue
    note: str
    """Why, in the words of who did it."""
    previous: str
    digest: str

    @cached_property
    def reckoned(self) -> str:
        """The digest as it follows from what the entry says."""
        said: dict[str, JsonValue] = {
            "sequence": self.sequence,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": self.actor,
            "origin": self.origin,
            "act": self.act,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "note": self.note,
        }
        return hashlib.sha256((self.previous + canonical(said)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log had come: its last entry's number and digest."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an act changed. None: it was not there."""

    what: str
    before: str | None
    after: str | None

    @property
    def told(self) -> tuple[str, str]:
        """Before and after, of long texts only what differs with a little around it; "" for what was not there."""
        before, after = self.before or "", self.after or ""
        if min(len(before), len(after)) <= _SHORT:
            return _shortened(before), _shortened(after)
        same = _same(before, after)
        start = max(0, same - _AROUND)
        ending = _same(before[same:][::-1], after[same:][::-1])
        stop = max(0, ending - _AROUND)
        left, right = "…" if start else "", "…" if stop else ""
        told_before, told_after = (
            _shortened(f"{left}{one[start : len(one) - stop]}{right}") for one in (before, after)
        )
        return told_before, told_after


def canonical(value: JsonValue) -> str:
    """Return the one JSON text of the value: keys in order, no spaces, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def sealed(entry: Entry) -> Entry:
    """Return the entry with its digest reckoned."""
    return replace(entry, digest=entry.reckoned)


def _same(one: str, other: str) -> int:
    """Return how many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


# ── what is wrong with a chain ───────────────────────────────────────────────────────────────────


def differences(entries: Sequence[Entry], head: Head | None) -> Iterator[str]:
    """Yield a sentence for each entry that was altered, taken away or moved; entries by their number."""
    broken = [entry for entry in entries if entry.reckoned != entry.digest]
    names = {id(entry) for entry in broken}
    wanted, last = 1, GENESIS
    for entry in entries:
        if entry.sequence > wanted:
            missing = f"Entries {wanted} to {entry.sequence - 1}" if entry.sequence - 1 > wanted else f"Entry {wanted}"
            yield f"{missing} of the audit log {'are' if ' to ' in missing else 'is'} missing."
        if id(entry) in names:
            yield _broken(entry, broken)
        elif entry.sequence == wanted and entry.previous != last:
            before = f"entry {wanted - 1}" if wanted > 1 else "the beginning"
            yield (
                f"Entry {entry.sequence} of the audit log does not follow {before}: "
                "what stood there was altered and its digest reckoned anew."
            )
        wanted, last = entry.sequence + 1, entry.digest
    yield from _behind_the_head(entries, head)


def _broken(entry: Entry, broken: Sequence[Entry]) -> str:
    for other in broken[:_MOST_CANDIDATES]:
        if replace(entry, sequence=other.sequence).reckoned == entry.digest:
            return (
                f"Entry {entry.sequence} of the audit log was moved: it was written as entry {other.sequence} "
                f"({entry.act} {entry.subject}, by {entry.actor})."
            )
    return f"Entry {entry.sequence} of the audit log was altered: it does not match its digest."


def _behind_the_head(entries: Sequence[Entry], head: Head | None) -> Iterator[str]:
    if head is None:
        if entries:
            yield (
                "The head of the audit log is not kept beside the ledger, so nobody can tell "
                f"whether entries after {entries[-1].sequence} were cut off."
            )
        return
    end = entries[-1].sequence if entries else 0
    if end < head.sequence:
        missing = f"entries {end + 1} to {head.sequence}" if end + 1 < head.sequence else f"entry {head.sequence}"
        yield (
            f"The audit log ends at entry {end}, but {head.sequence} were written: {missing} of the audit log "
            "were cut off, or an older ledger was put back."
        )
        return
    place = bisect_left(entries, head.sequence, key=lambda entry: entry.sequence)
    if place < len(entries) and entries[place].sequence == head.sequence and entries[place].digest != head.digest:
        yield (
            f"Entry {head.sequence} of the audit log is not the one that the head beside the ledger knows: "
            "the log was written anew up to there."
        )


# ── what is kept of an act ───────────────────────────────────────────────────────────────────────


def told(value: object, secrets: Collection[str] = ()) -> JsonValue:
    """Return the value as the log may keep it: plain JSON, and `(hidden)` in place of anything secret."""
    plain: JsonValue = json.loads(json.dumps(value, default=_plain, allow_nan=False))
    return _without_secrets(plain, secrets)


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _without_secrets(value: JsonValue, secrets: Collection[str], *, secret: bool = False) -> JsonValue:
    if isinstance(value, dict):
        return {
            _text(name, secrets): _without_secrets(one, secrets, secret=secret or bool(_SECRET_NAME.search(name)))
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(one, secrets, secret=secret) for one in value]
    if isinstance(value, str):
        return HIDDEN if secret else _text(value, secrets)
    return value


def _text(words: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        words = words.replace(secret, HIDDEN)
    # A lone surrogate is no text that a ledger can hold.
    return _SECRET_LOOK.sub(HIDDEN, words).encode(errors="replace").decode()


def differing(before: JsonValue, after: JsonValue) -> tuple[JsonValue, JsonValue]:
    """Return of both only what differs: names whose values are equal are left out, at any depth."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return before, after
    was: dict[str, JsonValue] = {}
    became: dict[str, JsonValue] = {}
    for name in {**before, **after}:
        if name in before and name in after:
            if before[name] != after[name]:
                was[name], became[name] = differing(before[name], after[name])
        elif name in before:
            was[name] = before[name]
        else:
            became[name] = after[name]
    return was, became


def changes(entry: Entry) -> list[Change]:
    """Return what the act changed, each by its name as a person reads it: "limit usd", "styles › modern"."""
    was, became = _leaves(entry.before), _leaves(entry.after)
    return [
        Change(what, was.get(what), became.get(what))
        for what in dict.fromkeys([*was, *became])
        # What was not there and is empty has not changed for a reader.
        if was.get(what) != became.get(what) and (what in was or became[what] != _NOTHING)
    ]


def _leaves(value: JsonValue, path: str = "") -> dict[str, str]:
    if isinstance(value, dict) and value:
        return {
            what: words
            for name, one in value.items()
            for what, words in _leaves(one, f"{path} › {_name(name)}" if path else _name(name)).items()
        }
    if value is None and not path:
        return {}
    return {path or "value": _words(value)}


def _name(name: str) -> str:
    return name.replace("_", " ")


def _words(value: JsonValue) -> str:
    if value is None or value in ("", [], {}):
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(_words(one) for one in value)
    return json.dumps(value, ensure_ascii=False)
