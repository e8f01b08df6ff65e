"""Rooms, models and past comparisons as the cards of the picker."""

from collections.abc import Iterable, Sequence

from pages.components.picker import Badge, Choice, Group, Picture
from pages.components.words import counted, duration, moment, price_text
from staging.desk import ModelOffer
from staging.images import PictureKind, Pictures
from staging.predictions import Comparison, PredictionNow, State
from staging.registry import Capability, ModelSpec
from staging.rooms import Room

OFFLINE = Badge("offline baseline", "good")


def offline_badge(spec: ModelSpec) -> Badge | None:
    """Return the label that an offline baseline bears wherever it appears, unless its name says so."""
    if Capability.OFFLINE not in spec.capabilities or OFFLINE.text in spec.name.casefold():
        return None
    return OFFLINE


def room_picture(pictures: Pictures, digest: str, width: int, height: int, alt: str) -> Picture:
    """Return the thumbnail of a room or an output; the size is the original's, for its shape."""
    return Picture(pictures.url(digest, PictureKind.THUMBNAIL), width, height, alt)


def room_groups(rooms: Iterable[Room], pictures: Pictures) -> list[Group]:
    """Return the people's rooms and, apart from them, the samples; empty groups are left out."""
    own: list[Choice] = []
    samples: list[Choice] = []
    for room in rooms:
        card = Choice(
            id=room.digest,
            title=room.name,
            detail=" · ".join(part for part in (room.room_type.value, room.project) if part),
            picture=room_picture(pictures, room.digest, room.width, room.height, f"Room {room.name}"),
        )
        (samples if room.sample else own).append(card)
    return [Group(name, tuple(cards)) for name, cards in (("Your rooms", own), ("Sample rooms", samples)) if cards]


def model_groups(offers: Sequence[ModelOffer]) -> list[Group]:
    """Return the models by who runs them; those that cannot run now are folded away with the reason."""
    groups: list[Group] = []
    for heading, offline in (("On this machine", True), ("On Replicate", False)):
        mine = [offer for offer in offers if (Capability.OFFLINE in offer.spec.capabilities) is offline]
        ready = tuple(_model_card(offer) for offer in mine if offer.available)
        if ready:
            groups.append(Group(heading, ready))
        for reason in dict.fromkeys(offer.reason for offer in mine if not offer.available):
            barred = tuple(_model_card(offer) for offer in mine if not offer.available and offer.reason == reason)
            name = f"{heading}: {counted(len(barred), 'model')} not available"
            groups.append(Group(name, barred, reason, folded=True))
    return groups


def _model_card(offer: ModelOffer) -> Choice:
    spec = offer.spec
    badges = [badge for badge in (offline_badge(spec),) if badge]
    badges += [Badge(name.value) for name in Capability if name in spec.capabilities and name is not Capability.OFFLINE]
    facts = [price_text(spec.price)]
    if spec.typical_seconds is not None:
        facts.append(f"about {duration(round(spec.typical_seconds))}")
    return Choice(spec.id.value, spec.name, " · ".join(facts), tuple(badges), disabled=not offer.available)


def comparison_card(
    comparison: Comparison,
    predictions: Sequence[PredictionNow],
    pictures: Pictures,
    rooms: dict[str, Room],
    zone: str | None,
) -> Choice:
    """Return a past comparison: when, how much, how far, and its first room."""
    succeeded = sum(now.state is State.SUCCEEDED for now in predictions)
    unfinished = sum(not now.state.final for now in predictions)
    models = len({now.prediction.model for now in predictions})
    digests = list(dict.fromkeys(now.prediction.room for now in predictions))
    first = rooms.get(digests[0]) if digests else None
    how_far = Badge(f"{unfinished} to go", "warn") if unfinished else Badge(counted(succeeded, "picture"))
    return Choice(
        id=comparison.id,
        title=comparison.name or moment(comparison.created_at, zone),
        detail=f"{counted(len(digests), 'room')} × {counted(models, 'model')}",
        badges=(how_far,),
        picture=room_picture(pictures, first.digest, first.width, first.height, "") if first else None,
    )
