"""The provider's billing export as it comes: a CSV file of any dialect, read strictly or refused by line."""

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from staging.errors import BillRefused

MOST_BYTES = 20_000_000
MOST_LINES = 200_000
MOST_USD = Decimal(100_000)
"""On one line: beyond it the file is not what it seems."""
_DELIMITERS = ",;\t|"
_PREAMBLE = 20
"""Lines that may stand before the one that names the columns."""
_COLUMNS: Mapping[str, Sequence[str]] = {
    "id": ("prediction id", "predictionid", "prediction uuid", "prediction", "id", "uuid"),
    "usd": ("total cost", "cost", "amount", "total", "charge", "price", "usd"),
    "model": ("model", "model name"),
    "day": ("date", "day", "usage date", "created at", "created", "started at", "completed at", "timestamp", "time"),
    "currency": ("currency",),
}
"""What a column means, and the names that mean it: the first that is there counts."""
_NEEDED = {"id": "the prediction's id (prediction_id, id)", "usd": "the amount in dollars (cost, amount, total, price)"}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{5,79}")
_PLAIN = re.compile(r"\d{1,12}(\.\d{1,18})?([eE][+-]?\d{1,2})?")
_POINT = re.compile(r"\d{1,3}(,\d{3})+\.\d{1,18}")
_COMMA = re.compile(r"\d{1,12},(\d{1,2}|\d{4,18})|\d{1,3}(\.\d{3})+,\d{1,18}")
_NOT_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or an archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "compressed"),
)


@dataclass(frozen=True, slots=True)
class BillLine:
    """What the bill says of one prediction of the provider's."""

    provider_id: str
    usd: Decimal
    """The sum, when it stands on several lines."""
    model: str
    lines: tuple[int, ...]
    """Where it stands in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill that was read."""

    name: str
    """The file's, for sentences only."""
    digest: str
    """SHA-256 of its bytes: the same bill is known by it."""
    lines: Mapping[str, BillLine]
    """By the provider's id."""
    nameless_lines: int
    """Lines with an amount and without a prediction's id: totals, other services."""
    nameless_usd: Decimal
    first: date | None
    last: date | None
    """The days it names; None when it names none that could be read."""
    columns: Mapping[str, str]
    """What was read out of which column, as the file calls it."""

    @property
    def repeated(self) -> tuple[BillLine, ...]:
        """The predictions that stand on more than one line."""
        return tuple(line for line in self.lines.values() if len(line.lines) > 1)


def read_bill(data: bytes, name: str) -> Bill:
    """Return the bill; BillRefused names the line and what is wrong there, and nothing of it is read."""
    text = _text(data, name)
    delimiter, columns, begin = _head(text, name)
    found: dict[str, BillLine] = {}
    nameless, nameless_usd, days = 0, Decimal(0), []
    width = columns["width"]
    for count, (number, row) in enumerate(_rows(text, delimiter, name)):
        if number <= begin or not any(cell.strip() for cell in row):
            continue
        if count > MOST_LINES:
            raise BillRefused(f"{name} has more than {MOST_LINES:,} lines: take a shorter time out of the bill.")
        if len(row) != width:
            raise _fault(name, number, f"has {len(row)} fields, but line {begin} names {width} columns")
        cells = {meaning: row[place].strip() for meaning, place in columns.items() if meaning != "width"}
        key = cells["id"]
        if not _ID.fullmatch(key):
            if len(key) > 200 or not (key.isprintable() or not key):
                raise _fault(name, number, "has something else than an id where the prediction's id is")
            nameless += 1
            nameless_usd += _usd(cells, name, number) if cells["usd"] else 0
            continue
        usd, before = _usd(cells, name, number), found.get(key)
        found[key] = BillLine(
            key,
            usd + (before.usd if before else 0),
            (before.model if before else "") or cells.get("model", "")[:120],
            (*(before.lines if before else ()), number),
        )
        if day := _day(cells.get("day", "")):
            days.append(day)
    if not found:
        raise BillRefused(f"{name} names no prediction: below line {begin} there is no line with an id and an amount.")
    named = _named(text, delimiter, name, begin, columns)
    digest = hashlib.sha256(data).hexdigest()
    return Bill(name, digest, found, nameless, nameless_usd, min(days, default=None), max(days, default=None), named)


def _text(data: bytes, name: str) -> str:
    if not data.strip():
        raise BillRefused(f"{name} is empty.")
    if len(data) > MOST_BYTES:
        raise BillRefused(f"{name} has {len(data) / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read.")
    for magic, what in _NOT_TEXT:
        if data.startswith(magic):
            raise BillRefused(f"{name} is no CSV file, but {what}: export the bill as CSV.")
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _fault(name, line, "is not UTF-8 text: save the file as CSV in UTF-8") from None
    if "\0" in text:
        raise _fault(name, text[: text.index("\0")].count("\n") + 1, "holds binary data: this is no CSV file")
    return text


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its last line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _fault(name, max(1, reader.line_num), f"cannot be read as CSV ({error})") from None
        yield reader.line_num, row


def _head(text: str, name: str) -> tuple[str, dict[str, int], int]:
    """Return the delimiter, the place of each column by its meaning (and "width"), and the line that names them."""
    for delimiter in _DELIMITERS:
        try:
            for count, (number, row) in enumerate(_rows(text, delimiter, name)):
                if count >= _PREAMBLE:
                    break
                places = _places(row)
                if _NEEDED.keys() <= places.keys():
                    return delimiter, places | {"width": len(row)}, number
        except BillRefused:
            continue
    first = next((line for line in text.splitlines() if line.strip()), "")[:200]
    raise BillRefused(
        f"{name} names no columns for {_NEEDED['id']} and {_NEEDED['usd']}. Its first line is: {first!r}."
    )


def _places(row: Sequence[str]) -> dict[str, int]:
    heads = [_words(cell) for cell in row]
    places = {}
    for meaning, names in _COLUMNS.items():
        for one in names:
            if one in heads:
                places[meaning] = heads.index(one)
                break
    return places


def _words(cell: str) -> str:
    """Return a column's name as words: "Amount (USD)" and "amount_usd" are "amount"."""
    words = re.sub(r"[^a-z0-9]+", " ", unicodedata.normalize("NFKC", cell[:100]).casefold()).split()
    return " ".join(words if words == ["usd"] else [word for word in words if word not in ("usd", "in", "us")])


def _named(text: str, delimiter: str, name: str, begin: int, columns: Mapping[str, int]) -> dict[str, str]:
    head = next(row for number, row in _rows(text, delimiter, name) if number == begin)
    return {meaning: head[place].strip() for meaning, place in columns.items() if meaning != "width"}


def _usd(cells: Mapping[str, str], name: str, line: int) -> Decimal:
    """Return the amount; BillRefused when it is none in dollars, negative or beyond reason."""
    told = cells["usd"]
    if (currency := cells.get("currency", "").upper()) not in ("", "USD", "US$", "$"):
        raise _fault(name, line, f"is in {currency[:20]!r}, and only US dollars are read")
    figure = re.sub(r"\s", "", told)
    figure = re.sub(r"^(US)?\$|^USD|USD$|\$$", "", figure)
    if not told:
        raise _fault(name, line, "has no amount")
    if re.match(r"[-−(]", figure) or told.startswith(("-", "−", "(")):
        raise _fault(name, line, f"has a negative amount ({told[:40]}): a credit is no cost, take the line out")
    if _PLAIN.fullmatch(figure) or _POINT.fullmatch(figure):
        usd = Decimal(figure.replace(",", ""))
    elif _COMMA.fullmatch(figure):
        usd = Decimal(figure.replace(".", "").replace(",", "."))
    else:
        raise _fault(name, line, f"has no amount in US dollars that is clear: {told[:40]!r}")
    if usd > MOST_USD:
        raise _fault(name, line, f"has an amount above ${MOST_USD:,}: {told[:40]!r}")
    return usd


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell[:10])
    except ValueError:
        return None  # 11/12/2026 is a day in November or in December: nobody can say


def _fault(name: str, line: int, what: str) -> BillRefused:
    return BillRefused(f"Line {line} of {name} {what}. Nothing was read.")
