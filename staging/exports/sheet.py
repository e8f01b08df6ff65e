"""The contact sheet: rooms down, the original first, models across, a caption under each picture."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageDraw

from staging.errors import NotFound
from staging.exports import words
from staging.exports.lettering import fitted, font
from staging.exports.pieces import Piece, Selection
from staging.images import PictureKind, Pictures
from staging.predictions import Verdict
from staging.rooms import Room

MOST_PNG_PIXELS = 40_000_000
"""A PNG of more is slow everywhere: what does not fit is left to the PDF, and the sheet says so."""
PDF_DPI = 150
PDF_SIZE = (1754, 1240)
"""A4, landscape."""
PDF_COLUMNS = 4
"""Outputs side by side on a page, beside the original."""

_MARGIN, _GAP, _HEADER, _FOOTER = 48, 16, 84, 44
_CELL = 400
_SHAPE = 0.75
"""A cell's height over its width: what most cameras make; other shapes are fitted inside whole."""
_CAPTION = 78
_INK, _QUIET, _PAPER, _EMPTY = "#1b2422", "#5b6663", "#ffffff", "#eef1f0"
_VERDICTS = {Verdict.ACCEPTED: "#0f7a52", Verdict.REJECTED: "#b3352f"}


@dataclass(frozen=True, slots=True)
class _Page:
    """One sheet of paper: which rooms and columns are on it, and how wide a cell is, in pixels."""

    rooms: Sequence[Room]
    columns: Sequence[int]
    cell: int
    size: tuple[int, int]
    footer: str


def write_png(file: Path, selection: Selection, pictures: Pictures, made_at: datetime) -> None:
    """The whole sheet is one PNG, or as many rooms of it as a picture of 40 megapixels holds."""
    columns = range(len(selection.titles))
    width = max(2 * _MARGIN + (len(columns) + 1) * (_CELL + _GAP) - _GAP, 900)
    row = _row_height(_CELL)
    fit = max(1, (MOST_PNG_PIXELS // width - _HEADER - _FOOTER - 2 * _MARGIN) // row)
    rooms = selection.rooms[:fit]
    left = len(selection.rooms) - len(rooms)
    more = f"{left} more room{'s' if left > 1 else ''} on the PDF" if left else ""
    height = 2 * _MARGIN + _HEADER + _FOOTER + len(rooms) * row
    page = _Page(rooms, columns, _CELL, (width, height), more)
    _drawn(page, selection, _Grid(selection, pictures), made_at).save(file, "PNG", compress_level=6)


def write_pdf(file: Path, selection: Selection, pictures: Pictures, made_at: datetime) -> int:
    """The sheet is a PDF of A4 pages, one of them in memory at a time; return how many pages it has."""
    grid = _Grid(selection, pictures)
    pages = list(_pages(selection))
    for number, page in enumerate(pages):
        drawn = _drawn(page, selection, grid, made_at)
        title = words.plain_letters(selection.comparison.name or "Comparison")
        drawn.save(file, "PDF", resolution=PDF_DPI, quality=88, append=number > 0, title=title, producer="Staging Lab")
    return len(pages)


def _pages(selection: Selection) -> Iterator[_Page]:
    width, height = PDF_SIZE
    columns = range(len(selection.titles))
    across = min(PDF_COLUMNS, max(1, len(columns)))
    cell = min(_CELL, (width - 2 * _MARGIN + _GAP) // (across + 1) - _GAP)
    down = (height - 2 * _MARGIN - _HEADER - _FOOTER) // _row_height(cell)
    places = [
        (selection.rooms[top : top + down], columns[left : left + across])
        for top in range(0, len(selection.rooms), down)
        for left in range(0, len(columns), across)
    ]
    for number, (rooms, shown) in enumerate(places, start=1):
        yield _Page(rooms, shown, cell, PDF_SIZE, f"Page {number} of {len(places)}")


class _Grid:
    """The selection by room and column, with the pictures' small versions at hand."""

    def __init__(self, selection: Selection, pictures: Pictures) -> None:
        self._pieces = {(piece.room.digest, piece.column): piece for piece in selection.pieces}
        self._pictures = pictures

    def piece(self, room: Room, column: int) -> Piece | None:
        return self._pieces.get((room.digest, column))

    def thumbnail(self, digest: str, box: tuple[int, int]) -> Image.Image | None:
        """Return the picture shrunk into the box, from a file that we wrote ourselves; None when it is gone."""
        with suppress(NotFound, FileNotFoundError):
            with Image.open(self._pictures.path(digest, PictureKind.THUMBNAIL), formats=("WEBP",)) as kept:
                small = kept.convert("RGB")
            small.thumbnail(box, Image.Resampling.LANCZOS)
            return small
        return None


def _row_height(cell: int) -> int:
    return round(cell * _SHAPE) + _CAPTION + _GAP


def _drawn(page: _Page, selection: Selection, grid: _Grid, made_at: datetime) -> Image.Image:
    sheet = Image.new("RGB", page.size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    width, height = page.size
    room_for = width - 2 * _MARGIN
    made = f"{selection.comparison.created_at:%Y-%m-%d}"
    title = selection.comparison.name or f"Comparison of {made}"
    draw.text((_MARGIN, _MARGIN), fitted(draw, title, room_for, 32), fill=_INK, font=font(32))
    about = [f"asked for on {made} by {selection.comparison.created_by}", selection.comparison.project]
    about.append({"all": "", "accepted": "accepted outputs only", "favourites": "favourites only"}[selection.which])
    line = " · ".join(part for part in about if part)
    draw.text((_MARGIN, _MARGIN + 42), fitted(draw, line, room_for, 18), fill=_QUIET, font=font(18))
    for row, room in enumerate(page.rooms):
        top = _MARGIN + _HEADER + row * _row_height(page.cell)
        captions = (room.name, f"Original · {room.room_type.value}", "")
        _cell(sheet, (_MARGIN, top), page.cell, grid, room.digest, captions, _QUIET)
        for place, column in enumerate(page.columns, start=1):
            if piece := grid.piece(room, column):
                _piece(sheet, (_MARGIN + place * (page.cell + _GAP), top), page.cell, grid, piece)
    foot = f"Staging Lab · {made_at:%Y-%m-%d} · costs are estimates"
    draw.text((_MARGIN, height - _MARGIN - 4), foot, fill=_QUIET, font=font(16))
    draw.text((width - _MARGIN, height - _MARGIN - 4), page.footer, fill=_QUIET, font=font(16), anchor="ra")
    return sheet


def _piece(sheet: Image.Image, at: tuple[int, int], cell: int, grid: _Grid, piece: Piece) -> None:
    now = piece.now
    if now.outputs:
        captions = (piece.title, words.figures(now), words.judged(now.mark) or "Not judged")
        _cell(sheet, at, cell, grid, now.outputs[0].digest, captions, _VERDICTS.get(now.verdict, _QUIET))
    else:
        _cell(sheet, at, cell, grid, None, (piece.title, words.outcome(now), ""), _QUIET)


def _cell(
    sheet: Image.Image,
    at: tuple[int, int],
    cell: int,
    grid: _Grid,
    digest: str | None,
    captions: tuple[str, str, str],
    last: str,
) -> None:
    """Draw one picture whole, with three lines under it; a grey field where there is none."""
    left, top = at
    box = (cell, round(cell * _SHAPE))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, top, left + box[0] - 1, top + box[1] - 1), fill=_EMPTY)
    picture = grid.thumbnail(digest, box) if digest else None
    if picture is not None:
        sheet.paste(picture, (left + (box[0] - picture.width) // 2, top + (box[1] - picture.height) // 2))
    else:
        middle = (left + box[0] // 2, top + box[1] // 2)
        draw.text(middle, "picture missing" if digest else "no picture", fill=_QUIET, font=font(18), anchor="mm")
    for line, (text, colour) in enumerate(zip(captions, (_INK, _QUIET, last), strict=True)):
        size = 19 if line == 0 else 17
        place = (left, top + box[1] + 8 + line * 23)
        draw.text(place, fitted(draw, text, box[0], size), fill=colour, font=font(size))
