"""Rooms, models and past comparisons as the cards of the picker."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from pages.components.picker import Badge, Choice, Filter, Group, Picture
from pages.components.words import counted, day, dollars, duration, price_text
from staging.desk import ModelOffer
from staging.images import PictureKind, Pictures
from staging.registry import Capability, ModelSpec
from staging.rooms import Room, RoomType
from staging.store import ModelHistory

OFFLINE = Badge("offline baseline", "good")
PERIODS = ((0, "Today"), (6, "Last 7 days"), (29, "Last 30 days"))
"""How many days before today a period begins, and its name."""


def offline_badge(spec: ModelSpec) -> Badge | None:
    """Return the label that an offline baseline bears wherever it appears, unless its name says so."""
    if Capability.OFFLINE not in spec.capabilities or OFFLINE.text in spec.name.casefold():
        return None
    return OFFLINE


def room_picture(pictures: Pictures, digest: str, width: int, height: int, alt: str) -> Picture:
    """Return the thumbnail of a room or an output; the size is the original's, for its shape."""
    return Picture(pictures.url(digest, PictureKind.THUMBNAIL), width, height, alt)


def room_groups(rooms: Iterable[Room], pictures: Pictures, zone: str | None = None) -> list[Group]:
    """Return the people's rooms and, apart from them, the samples; empty groups are left out."""
    own: list[Choice] = []
    samples: list[Choice] = []
    for room in rooms:
        card = Choice(
            id=room.digest,
            title=room.name,
            detail=" · ".join(part for part in (room.room_type.value, room.project) if part),
            picture=room_picture(pictures, room.digest, room.width, room.height, f"Room {room.name}"),
            words=f"{room.note} {room.uploaded_by}",
            facets={
                "project": (room.project,) if room.project else (),
                "type": (room.room_type.value,),
                "added": (day(room.uploaded_at, zone).isoformat(),),
                "by": (room.uploaded_by,),
            },
        )
        (samples if room.sample else own).append(card)
    return [Group(name, tuple(cards)) for name, cards in (("Your rooms", own), ("Sample rooms", samples)) if cards]


def room_filters(rooms: Sequence[Room], today: date) -> list[Filter]:
    """Return what these rooms can be filtered by."""
    kinds = {room.room_type for room in rooms}
    return [
        Filter("project", "Project", _alike(sorted({room.project for room in rooms if room.project}))),
        Filter("type", "Type", tuple((kind.value, kind.value.capitalize()) for kind in RoomType if kind in kinds)),
        Filter(
            "added",
            "Added",
            tuple(((today - timedelta(days=days)).isoformat(), text) for days, text in PERIODS) if rooms else (),
            since=True,
        ),
        Filter("by", "By", _alike(sorted({room.uploaded_by for room in rooms}))),
    ]


def _alike(values: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, value) for value in values)


def model_groups(
    offers: Sequence[ModelOffer], history: Mapping[str, ModelHistory], changed: Mapping[str, str]
) -> list[Group]:
    """Return the models by who runs them; those that cannot run now are folded away with the reason.

    `changed` says, by model, what a person has set otherwise than usual.
    """

    def card(offer: ModelOffer) -> Choice:
        return _model_card(offer, history.get(offer.spec.id), changed.get(offer.spec.id, ""))

    groups: list[Group] = []
    for heading, offline in (("On this machine", True), ("On Replicate", False)):
        mine = [offer for offer in offers if (Capability.OFFLINE in offer.spec.capabilities) is offline]
        ready = tuple(card(offer) for offer in mine if offer.available)
        if ready:
            groups.append(Group(heading, ready))
        for reason in dict.fromkeys(offer.reason for offer in mine if not offer.available):
            barred = tuple(card(offer) for offer in mine if not offer.available and offer.reason == reason)
            name = f"{heading}: {counted(len(barred), 'model')} not available"
            groups.append(Group(name, barred, reason, folded=True))
    return groups


def model_filters(offers: Sequence[ModelOffer]) -> list[Filter]:
    """Return what these models can be filtered by."""
    can = [name.value for name in Capability if any(name in offer.spec.capabilities for offer in offers)]
    states = [value for value, is_so in (("ready", True), ("not available", False))
              if any(offer.available is is_so for offer in offers)]  # fmt: skip
    return [
        Filter("provider", "Provider", _alike(dict.fromkeys(offer.spec.provider for offer in offers))),
        Filter("state", "Available", _alike(states)),
        Filter("can", "Can", _alike(can)),
    ]


def _model_card(offer: ModelOffer, history: ModelHistory | None, changed: str) -> Choice:
    spec = offer.spec
    badges = [badge for badge in (offline_badge(spec),) if badge]
    badges += [Badge(name.value) for name in Capability if name in spec.capabilities and name is not Capability.OFFLINE]
    return Choice(
        spec.id.value,
        spec.name,
        price_text(offer.price),
        tuple(badges),
        disabled=not offer.available,
        facts=history_facts(spec, history),
        changed=changed,
        words=f"{spec.id} {spec.owner} {' '.join(spec.capabilities)} {spec.about}",
        facets={
            "provider": (spec.provider,),
            "state": ("ready" if offer.available else "not available",),
            "can": tuple(name.value for name in Capability if name in spec.capabilities),
        },
    )


def history_facts(spec: ModelSpec, history: ModelHistory | None) -> tuple[str, ...]:
    """Return what our own runs say of a model, or that there are none and what is published."""
    published = "" if spec.typical_seconds is None else f" · published: {duration(_whole(spec.typical_seconds))}"
    if history is None or not history.runs:
        return (f"no history yet{published}",)
    facts = [f"{duration(_whole(history.seconds))}, median of {counted(history.runs, 'run')}"]
    if history.seconds is None:
        facts = [f"{counted(history.runs, 'run')}, times not known{published}"]
    if history.usd_per_image:
        facts[0] += f" · {dollars(history.usd_per_image)} an image"
    if history.judged:
        share = round(100 * history.accepted / history.judged)
        facts.append(f"{history.accepted} of {history.judged} accepted ({share} %)")
    else:
        facts.append("none judged yet")
    return tuple(facts)


def _whole(seconds: float | None) -> float | None:
    """Return whole seconds from ten on: below, a tenth counts."""
    return seconds if seconds is None or seconds < 10 else round(seconds)
