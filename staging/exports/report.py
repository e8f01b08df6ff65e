"""One page about the costs for a meeting: an HTML file that needs nothing else and prints on one sheet of A4.

No script, no network, no picture from elsewhere; every word is escaped, and a policy in the file
itself forbids the rest. What is unknown, unsettled or foretold is said to be so.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import escape
from zoneinfo import ZoneInfo

from staging.exports.words import money, seconds
from staging.forecast import Forecast
from staging.store import CostReport, CostRow, UnderWay

MOST_ROWS = 8
"""As many models are listed, and half as many of everything else: so it stays one page."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_MOST_BARS = 92
_LONGEST = 60
_WIDTH, _HEIGHT = 700, 90
_STYLE = """
@page { size: A4; margin: 12mm }
* { box-sizing: border-box }
body { font: 8.6pt/1.3 system-ui, "Segoe UI", Roboto, sans-serif; color: #1b2422; background: #fff;
       max-width: 186mm; margin: 0 auto; padding: 0 }
@media screen { body { padding: 12px } }
h1 { font-size: 16pt; margin: 0 } h2 { font-size: 9.5pt; margin: 2.5mm 0 .5mm }
p { margin: 1mm 0 } .quiet { color: #5b6663 }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(40mm, 1fr)); gap: 1.5mm; margin: 2mm 0 }
.figures div { border: 1px solid #d5dbd9; border-radius: 2mm; padding: 1.5mm 2mm }
.figures b { display: block; font-size: 12pt; font-weight: 600 } .figures span { color: #5b6663; font-size: 7.4pt }
table { border-collapse: collapse; width: 100%; font-size: 7.8pt; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .6mm 1.2mm; border-bottom: 1px solid #e3e8e6; white-space: nowrap }
th:first-child, td:first-child { text-align: left; width: 45%; max-width: 0; min-width: 30mm;
       overflow: hidden; text-overflow: ellipsis }
th { color: #5b6663; font-weight: 500 }
.wide { overflow-x: auto } svg { width: 100%; height: auto; display: block }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(75mm, 1fr)); gap: 0 6mm }
.pair > * { min-width: 0 } .notes { font-size: 7.4pt; margin-top: 2mm } .warn { color: #8a4a00 }
tr, .figures div { break-inside: avoid }
"""
_NOTES = (
    "Spent: what predictions that ended in these days came to, as the provider's bill settled it, else as our own "
    "estimate. Per accepted picture: all of that, rejected, failed and repeated ones too, over the pictures that were "
    "accepted. Compared with as many days right before. Forecast: at the pace of the last 56 days at most; four times "
    "of five the end should lie between the two amounts. p50, p95: half, and 95 of 100, ran no longer, by the "
    "provider's clock, for all projects and people. What is under way is that of all models, projects and people."
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """What the page says: the report and all that must be known to read it."""

    report: CostReport
    zone: str
    """The IANA name of the time zone whose days were counted."""
    filters: Mapping[str, str]
    """What the report is narrowed down to: "Model" and its id, ..."""
    under_way: UnderWay
    forecast: Forecast | None
    forecast_of: str
    """What the forecast is of: "for Nov" (the month), or "to 4 Dec" (the chosen days)."""
    names: Mapping[str, str]
    """What some models are called."""
    made_at: datetime


def as_html(about: Meeting) -> str:
    """Return the page as one HTML document."""
    report = about.report
    title = f"Costs, {_day(report.first)} to {_day(report.last)}"
    made = about.made_at.astimezone(ZoneInfo(about.zone))
    filters = "; ".join(f"{name}: {value}" for name, value in about.filters.items())
    parts = [
        f"<h1>{escape(title)}</h1>",
        _p(
            f"Days of {about.zone}. {'Only ' + filters if filters else 'All models, projects and people'}. "
            f"Made {_day(made.date())}, {made:%H:%M}, by Staging Lab.",
            "quiet",
        ),
        _figures(about),
        _unknown(about),
        "<h2>Spent by day</h2>" if _step(report) == 1 else "<h2>Spent by week</h2>",
        _bars(report),
        "<h2>By model</h2>",
        _models(about),
        '<div class="pair">',
        *(
            f"<div><h2>By {name}</h2>{_costs(name.capitalize(), rows, empty)}</div>"
            for name, rows, empty in (
                ("project", report.by_project, "no project"),
                ("person", report.by_person, "nobody"),
                # One sheet has no room for both: the exports have.
                ("arm", report.by_arm, "no experiment")
                if any(row.key for row in report.by_arm)
                else ("room type", report.by_room_type, "other"),
            )
        ),
        f"<div><h2>Waste by reason</h2>{_waste(report)}</div>",
        "</div>",
        _p(_NOTES, "notes quiet"),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _figures(about: Meeting) -> str:
    total, before = about.report.total, about.report.before
    told = about.forecast
    each = total.usd_per_accepted
    lost = total.failed + total.canceled + total.unknown
    boxes = [
        ("Spent", _usd(total.cost_usd), _change(total.cost_usd, before)),
        ("Per accepted picture", "–" if each is None else _usd(each), f"before: {_usd(before.usd_per_accepted)}"),
        ("Pictures made", f"{total.succeeded} of {total.predictions}", f"{lost} failed, {total.retries} retries"),
        ("Accepted", f"{total.accepted}", f"{total.rejected} rejected, {total.undecided} undecided"),
        (
            "Wasted",
            _usd(total.rejected_usd + total.lost_usd),
            f"{_usd(total.rejected_usd)} rejected, {_usd(total.lost_usd)} failed",
        ),
        ("Settled", _usd(total.settled_usd), f"{_usd(total.cost_usd - total.settled_usd)} is an estimate"),
        ("Under way", f"{about.under_way.predictions}", f"{_usd(about.under_way.reserved_usd)} reserved, in no sum"),
        (
            f"Forecast {about.forecast_of}",
            "–" if told is None else _usd(told.expected_usd),
            "too few days to tell" if told is None else f"{_usd(told.low_usd)} to {_usd(told.high_usd)}",
        ),
    ]
    drawn = "".join(
        f"<div><span>{escape(name)}</span><b>{escape(value)}</b><span>{escape(said)}</span></div>"
        for name, value, said in boxes
    )
    return f'<div class="figures">{drawn}</div>'


def _unknown(about: Meeting) -> str:
    rows = [row for row in about.report.by_model if row.unknown_charges]
    if not rows:
        return _p("Every prediction in these sums has a known price.", "quiet")
    named = ", ".join(f"{_cut(about.names.get(row.key, row.key))} ({row.unknown_charges})" for row in rows[:4])
    more = f" and {len(rows) - 4} more models" if len(rows) > 4 else ""
    count = about.report.total.unknown_charges
    return _p(f"Not in these sums, because nobody knows their price: predictions: {count}; {named}{more}.", "warn")


def _bars(report: CostReport) -> str:
    """Return the bars as an SVG; a title in each tells its sum where a pointer rests."""
    step = _step(report)
    spent: dict[int, Decimal] = defaultdict(Decimal)
    for row in report.by_day:
        spent[(date.fromisoformat(row.key) - report.first).days // step] += row.cost_usd
    count = (report.last - report.first).days // step + 1
    most = max(spent.values(), default=Decimal(0))
    if not most:
        return _p("Nothing was charged in these days.", "quiet")
    wide = _WIDTH / count
    drawn = []
    for number in range(count):
        amount = spent.get(number, Decimal(0))
        high = float(amount / most) * (_HEIGHT - 26)
        begin = report.first + timedelta(days=number * step)
        drawn.append(
            f'<rect x="{number * wide:.2f}" y="{_HEIGHT - 14 - high:.2f}" width="{wide * 0.8:.2f}" '
            f'height="{high:.2f}" fill="#0f6b5c"><title>{_day(begin)}: {_usd(amount)}</title></rect>'
        )
    words = 'font-size="9" fill="#5b6663"'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Spent over time, at most {_usd(most)}">'
        f'<text x="0" y="9" {words}>at most {_usd(most)}</text>'
        f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT - 14}" y2="{_HEIGHT - 14}" stroke="#a3aeab"/>{"".join(drawn)}'
        f'<text x="0" y="{_HEIGHT - 3}" {words}>{_day(report.first)}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end" {words}>{_day(report.last)}</text></svg>'
    )


def _models(about: Meeting) -> str:
    times = {one.model: one for one in about.report.run_times}
    rows = []
    for row in about.report.by_model[:MOST_ROWS]:
        of = times.get(row.key)
        rows.append(
            [
                _cut(about.names.get(row.key, row.key)),
                _known(row),
                _usd(row.usd_per_accepted) if row.accepted else "–",
                f"{row.predictions}",
                f"{row.accepted}",
                f"{row.rejected}",
                f"{row.failed + row.canceled + row.unknown}",
                f"{row.retries}",
                seconds(of.p50_seconds) if of else "–",
                seconds(of.p95_seconds) if of else "–",
            ]
        )
    head = ["Model", "Spent", "Per accepted", "Asked", "Accepted", "Rejected", "Failed", "Retries", "p50", "p95"]
    return _table(head, rows, len(about.report.by_model))


def _costs(name: str, listed: Sequence[CostRow], empty: str) -> str:
    rows = [
        [
            _cut(row.key or empty),
            _known(row),
            _usd(row.usd_per_accepted) if row.accepted else "–",
            f"{row.accepted} of {row.predictions}",
        ]
        for row in listed[: MOST_ROWS // 2]
    ]
    return _table([name, "Spent", "Per accepted", "Accepted"], rows, len(listed))


def _waste(report: CostReport) -> str:
    rows = [
        [
            _cut(f"{one.reason} ({one.outcome})"),
            "unknown" if one.cost_usd == 0 and one.unknown_charges else _usd(one.cost_usd),
            f"{one.predictions}",
        ]
        for one in report.waste[: MOST_ROWS // 2]
    ]
    return _table(["Reason", "Spent", "Asked"], rows, len(report.waste))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], of: int) -> str:
    if not rows:
        return _p("None.", "quiet")
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    more = _p(f"And {of - len(rows)} more.", "quiet") if of > len(rows) else ""
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>{more}'


def _change(now: Decimal, before: CostRow) -> str:
    if not before.predictions:
        return "nothing in the days before"
    difference = now - before.cost_usd
    share = f" ({difference / before.cost_usd * 100:+.0f} %)" if before.cost_usd else ""
    return f"{'-' if difference < 0 else '+'}{_usd(abs(difference))}{share}, before: {_usd(before.cost_usd)}"


def _known(row: CostRow) -> str:
    return "unknown" if row.cost_usd == 0 and row.unknown_charges else _usd(row.cost_usd)


def _usd(amount: Decimal | None) -> str:
    """Return the amount in cents from a dollar on, to four places below; CSV and Parquet have it exact."""
    if amount is None:
        return "–"
    if amount >= 1:
        return f"${amount:,.2f}"
    return money(amount.quantize(Decimal("0.0001")) if amount >= Decimal("0.0001") else amount)


def _step(report: CostReport) -> int:
    """Return how many days a bar is of."""
    return 1 if (report.last - report.first).days < _MOST_BARS else 7


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def _day(day: date) -> str:
    return f"{day:%-d %b %Y}"


def _p(text: str, kind: str) -> str:
    return f'<p class="{kind}">{escape(text)}</p>'
