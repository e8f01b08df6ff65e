"""Who plays in the demo history, at which prices, and what they are given: all of it made up, all of it labelled."""

from collections.abc import Mapping

from staging.predictions import Reason

PEOPLE = ("demo: Ada", "demo: Ben", "demo: Chloe", "demo: Dev", "demo: Eve")
"""Nobody can sign in so: a person's name is an e-mail address, and the local one is `local`."""
ADA, BEN, CHLOE, DEV, EVE = PEOPLE
KEY, OLD_KEY = "demo listing site", "demo old script"
"""Two API keys that nobody holds: their secrets were never written down."""
PROGRAM = f"API key {KEY}"
ACTORS = (*PEOPLE, PROGRAM)
"""Whatever one of these asked for, said or wrote first is demo history."""
KIND, NAME = "demo", "history"
"""The document that says that there is demo history."""
SOURCE = "demo: a made-up price"
FURNISH, TONE, UNCHANGED = "offline/furnish", "offline/tone", "offline/unchanged"
PRICES: Mapping[str, str] = {FURNISH: "0.04", TONE: "0.01", UNCHANGED: "0"}
SKILL: Mapping[str, float] = {FURNISH: 1.4, TONE: 0.2, UNCHANGED: -0.6}
"""How well a demo person likes what a model makes, before taste."""
STYLES = ("modern", "scandinavian", "traditional", "industrial")
PROJECTS = ("demo: 12 Elm Street", "demo: Harbour Lofts")
"""What the comparisons of every day are for; some are for no project."""
_STREETS = ("Mill Lane", "Quay Road", "Orchard Close", "Station Street", "Abbey Walk")
LISTINGS = tuple(f"demo: {number} {street}" for street in _STREETS for number in (3, 8, 14, 21, 27, 36, 40, 52))
"""The units of the two experiments: each listing is in one of them."""
SHARE_CONCLUDED = 0.6
"""Of the listings: those of the experiment that is over."""
REASONS = (Reason.ARTEFACTS, Reason.SCALE, Reason.LIGHT, Reason.STYLE)
FAULTS = (
    ("demo: The machine ran out of memory while it rendered (made up).", "model_failed"),
    ("demo: Stopped: it took longer than the deadline of 900 seconds (made up).", "deadline"),
)
"""Sentences and kinds of the failures that never happened."""
SHARE_FAILED = 0.03
DAYS = 30
SEED = 8
FLOORS: Mapping[str, tuple[tuple[float, float], ...]] = {
    "Guestroom": ((0.146, 0.6896), (0.6606, 0.6749), (0.8229, 0.8093), (-0.0466, 0.851)),
}
"""By the sample room's name: the four corners of its floor that somebody in the demo has clicked on."""
