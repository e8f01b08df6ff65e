"""What the automatic scorer says of an output, as badges, sentences and facts."""

from typing import NamedTuple

from pages.components.picker import Badge
from staging.quality import FAMILIES, FLAG_CODES
from staging.store import AutomaticDeed, Quality

SEVERE = 0.5
"""From this severity on an output should not be used as it is."""
GOOD = 85.0
NOT_SCORED = "not scored"
AUTOMATIC = {
    AutomaticDeed.REJECTED: Badge("Rejected automatically", "warn"),
    AutomaticDeed.MARKED: Badge("Look at it", "warn"),
}


class Told(NamedTuple):
    """What the viewer shows of a score."""

    headline: str
    """ "Score 62 of 100", or that there is none and why."""
    flags: tuple[str, ...]
    """In words, the worst first."""
    automatic: str
    """What the thresholds made of it; "" for nothing."""
    facts: tuple[tuple[str, str], ...]


def badge(quality: Quality | None) -> Badge | None:
    """Return the badge of an output in the grid: its score and its worst flag; None when nothing is known yet."""
    if quality is None:
        return None
    score = quality.score
    if score is None or score.overall is None:
        return Badge(NOT_SCORED)
    worst = score.worst
    named = f" · {FLAG_CODES.get(worst.code, worst.words)}" if worst else ""
    severe = worst is not None and worst.severity >= SEVERE
    return Badge(f"{score.overall:.0f}{named}", "warn" if severe else "good" if score.overall >= GOOD else "quiet")


def automatic_badge(quality: Quality | None) -> Badge | None:
    """Return what the thresholds made of an output that nobody has judged; None for nothing."""
    return AUTOMATIC[quality.automatic.deed] if quality and quality.automatic else None


def told(quality: Quality | None, version: str) -> Told:
    """Return what is known of an output's quality, in words; `version` is that of the scorer at work."""
    if quality is None:
        return Told("", (), "", ())
    score = quality.score
    if score is None or score.overall is None:
        return Told(f"Not scored: {quality.last.reason}", (), "", (("Score", f"none: {quality.last.reason}"),))
    old = f", by scorer {score.version}; {version} has not had its turn" if score.version != version else ""
    automatic = ""
    if quality.automatic is not None:
        word = "Rejected" if quality.automatic.deed is AutomaticDeed.REJECTED else "Marked"
        automatic = f"{word} automatically: {'; '.join(quality.automatic.why)}."
    parts = [f"{label}: {_part(score.parts[name])}" for name, label in FAMILIES.items() if name in score.parts]
    facts = [
        ("Score", f"{score.overall:.0f} of 100{old}"),
        ("Confidence", f"{score.confidence:.2f}"),
        ("Parts", "\n".join(parts)),
        ("Flags", "\n".join(flag.words for flag in score.flags)),
        ("Thresholds", automatic),
        ("Scorer", f"version {score.version}" + (", with outlined doors and windows" if score.outlines else "")),
    ]
    return Told(
        f"Score {score.overall:.0f} of 100{old}",
        tuple(flag.words for flag in score.flags),
        automatic,
        tuple((label, value) for label, value in facts if value),
    )


def _part(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"
