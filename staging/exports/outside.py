"""One comparison as people outside see it: a page of plain HTML, to be looked at and nothing else.

It says what is virtually staged and by which model. What things cost, who judged them how, prompts,
notes and people's names stay inside.
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime
from html import escape

from staging.exports.pieces import Piece, Selection
from staging.exports.words import outcome
from staging.images import PictureKind
from staging.rooms import Room

PictureUrl = Callable[[str, PictureKind], str]

STYLE = """
:root { color-scheme: light dark; --ink: #1b2422; --quiet: #5b6663; --paper: #fff; --empty: #eef1f0; --link: #0f6b5c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4eae8; --quiet: #a3aeab; --paper: #0e1312; --empty: #191f1e; --link: #7dd3c2; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1500px; padding: 1.5rem clamp(1rem, 3vw, 2.5rem); background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.125rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
p { margin: .25rem 0; color: var(--quiet); }
.room { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
figure { margin: 0; min-width: 0; }
a { display: block; color: var(--link); border-radius: .5rem; }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
img, .none { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain; background: var(--empty);
  border-radius: .5rem; }
.none { display: grid; place-items: center; color: var(--quiet); }
figcaption { margin-top: .375rem; overflow-wrap: anywhere; }
""".strip()

SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "style-src 'sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii") + "'"
)
"""Nothing may run, load or be sent but our own pictures and the one style above."""


def outside_page(selection: Selection, url: PictureUrl, until: datetime | None) -> str:
    """Return the page; every text in it is escaped. `url` makes the address of a picture."""
    name = selection.comparison.name or f"Comparison of {selection.comparison.created_at:%-d %B %Y}"
    rooms = "\n".join(
        _room(room, [one for one in selection.pieces if one.room is room], url) for room in selection.rooms
    )
    end = f" This link ends on {until:%-d %B %Y at %H:%M} UTC." if until else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{escape(name)}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{escape(name)}</h1>
<p>Virtually staged pictures, each beside the unaltered original of its room. Press a picture to see it large.{end}</p>
</header>
<main>
{rooms or "<p>There is nothing to see in this comparison yet.</p>"}
</main>
</body>
</html>
"""


def _room(room: Room, pieces: list[Piece], url: PictureUrl) -> str:
    original = _picture(room.digest, f"{room.name}, original", "Original", url)
    staged = "\n".join(_piece(piece, url) for piece in pieces)
    return f'<section>\n<h2>{escape(room.name)}</h2>\n<div class="room">\n{original}\n{staged}\n</div>\n</section>'


def _piece(piece: Piece, url: PictureUrl) -> str:
    if piece.now.outputs:
        return _picture(piece.now.outputs[0].digest, f"{piece.room.name}, staged by {piece.title}", piece.title, url)
    none = escape(outcome(piece.now))
    return f'<figure><div class="none">{none}</div><figcaption>{escape(piece.title)}</figcaption></figure>'


def _picture(digest: str, alt: str, caption: str, url: PictureUrl) -> str:
    small, large = escape(url(digest, PictureKind.THUMBNAIL)), escape(url(digest, PictureKind.VIEW))
    return (
        f'<figure><a href="{large}"><img src="{small}" alt="{escape(alt)}" loading="lazy"></a>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
