"""What a room is: one uploaded photo, known by the digest of its pixels."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RoomType(StrEnum):
    """What the room is used for; it chooses the prompt."""

    LIVING = "living"
    BEDROOM = "bedroom"
    DINING = "dining"
    KITCHEN = "kitchen"
    OFFICE = "office"
    BATHROOM = "bathroom"
    OUTDOOR = "outdoor"
    OTHER = "other"


SAMPLE_ROOMS = {
    "terrace.jpg": RoomType.OUTDOOR,
    "guestroom.jpg": RoomType.BEDROOM,
    "kitchen.jpg": RoomType.KITCHEN,
    "dining.jpg": RoomType.DINING,
    "bedroom.jpg": RoomType.BEDROOM,
    "living.jpg": RoomType.LIVING,
    "loft.jpg": RoomType.LIVING,
    "office.jpg": RoomType.OFFICE,
    "salon.jpg": RoomType.LIVING,
}
"""The files under data/sample_rooms that are there on first start, and what they show."""


@dataclass(frozen=True, slots=True)
class Room:
    """One uploaded photo and what people said about it. Width and height are pixels."""

    digest: str
    """SHA-256 in hex over the pixels: the same pixels are the same room."""
    name: str
    """As uploaded, for display only."""
    width: int
    height: int
    size_bytes: int
    room_type: RoomType
    project: str
    note: str
    sample: bool
    """True for the rooms that come with the product."""
    archived: bool
    uploaded_at: datetime
    uploaded_by: str
