"""The one place where results are asked for to be taken away; each is a file, made when it is fetched."""

import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from staging.desk import Desk
from staging.errors import NotFound, ParametersRefused
from staging.exports.archive import write_zip
from staging.exports.disclosure import Links, write_disclosure
from staging.exports.labels import write_labels
from staging.exports.links import DownloadLinks
from staging.exports.outside import PictureUrl, outside_page
from staging.exports.pieces import Selection, Which, select
from staging.exports.profiles import Profiles
from staging.exports.provenance import FileType
from staging.exports.sheet import write_pdf, write_png
from staging.exports.words import plain_letters, room_slug, slug, suffix
from staging.images import Pictures
from staging.labels import Labels
from staging.openings import RoomOpenings
from staging.registry import ModelRegistry
from staging.store import Store

AT_ONCE = 2
"""Exports made at the same time: each takes a core, and up to 400 MB for the largest pictures."""
ZIP, PNG, PDF = "application/zip", "image/png", "application/pdf"


class Download(NamedTuple):
    """A file to be sent: open, at its start, gone from the disk when it is closed or the app dies."""

    file: IO[bytes]
    name: str
    media_type: str
    size_bytes: int


class Takeaway:
    """Everything that can be taken away. Any thread may call any method."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        registry: ModelRegistry,
        pictures: Pictures,
        profiles: Profiles,
        links: DownloadLinks,
        folder: Path,
        labels: Labels,
        openings: RoomOpenings,
    ) -> None:
        """`folder` is where files are made: on the disk that has room for pictures, not in memory."""
        self.profiles = profiles
        self.links = links
        self._desk = desk
        self._store = store
        self._registry = registry
        self._pictures = pictures
        self._folder = folder
        self._labels = labels
        self._openings = openings
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def output(self, prediction_id: str) -> Download:
        """Return one output as received, bit for bit; NotFound when there is none."""
        now = self._store.predictions.get(prediction_id)
        if not now.outputs:
            raise NotFound("This prediction has no picture to take away.")
        output = now.outputs[0]
        room = self._store.rooms.get(now.prediction.room)
        path = self._pictures.output_path(output.digest)
        name = f"{room_slug(room.name)}_{slug(now.prediction.model, 'model')}_{now.prediction.id[-6:]}"
        return Download(path.open("rb"), name + suffix(output.media_type), output.media_type, path.stat().st_size)

    def zip(self, comparison_id: str, which: Which) -> Download:
        """Return the originals, the outputs and the manifest; NotFound when there is nothing of the kind."""
        selection = self.selection(comparison_id, which)
        said = self._store.predictions.marked(comparison_id)

        def write(file: IO[bytes]) -> None:
            write_zip(file, selection, self._pictures, said, datetime.now(UTC))

        return self._made(write, _name(selection, "pictures", ".zip"), ZIP)

    def sheet(self, comparison_id: str, which: Which, media_type: str) -> Download:
        """Return the contact sheet, as PNG or PDF; NotFound when there is nothing of the kind."""
        selection = self.selection(comparison_id, which)
        write = write_pdf if media_type == PDF else write_png
        ending = ".pdf" if media_type == PDF else ".png"

        def through_a_folder(file: IO[bytes]) -> None:
            # Pillow adds a page to a PDF by its path, and reads what is there already.
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                path = Path(folder) / f"sheet{ending}"
                write(path, selection, self._pictures, datetime.now(UTC))
                with path.open("rb") as made:
                    while piece := made.read(1 << 20):
                        file.write(piece)

        return self._made(through_a_folder, _name(selection, "contact-sheet", ending), media_type)

    def disclosure(
        self, comparison_id: str, which: Which, profile: str, *, label: bool, kind: FileType, links: Links
    ) -> Download:
        """Return the export for an MLS; NotFound or ParametersRefused say what there is not."""
        selection = self.selection(comparison_id, which)
        known = self.profiles.get(profile)

        def write(file: IO[bytes]) -> None:
            write_disclosure(
                file,
                selection,
                self._pictures,
                known,
                label=label,
                kind=kind,
                links=links,
                made_at=datetime.now(UTC),
            )

        return self._made(write, _name(selection, slug(profile, "disclosure"), ".zip"), ZIP)

    def labels(self) -> Download:
        """Return the labelled pairs with their pictures; NotFound when nobody has accepted or rejected anything."""
        pairs = self._labels.pairs()
        if not pairs:
            raise NotFound("Nobody has accepted or rejected an output yet: there are no labelled pairs to take away.")
        outlined = {room: self._openings.of(room) for room in {pair.label.room for pair in pairs}}

        def write(file: IO[bytes]) -> None:
            write_labels(file, pairs, outlined, self._pictures, datetime.now(UTC))

        return self._made(write, f"labelled-pairs_{datetime.now(UTC):%Y-%m-%d}.zip", ZIP)

    def outside_page(self, comparison_id: str, url: PictureUrl, until: datetime | None) -> str:
        """Return the comparison as people outside see it; NotFound when there is none."""
        return outside_page(self._select(comparison_id, Which.ALL), url, until)

    def selection(self, comparison_id: str, which: Which) -> Selection:
        """Return what is meant of the comparison; NotFound says what there is not."""
        selection = self._select(comparison_id, which)
        if not selection.pieces:
            marked = {Which.ACCEPTED: "Nothing in it is accepted", Which.FAVOURITES: "It has no favourites"}
            raise NotFound(f"There is nothing to take away of this comparison. {marked.get(which, 'It is empty')} yet.")
        return selection

    def _select(self, comparison_id: str, which: Which) -> Selection:
        view = self._desk.look(comparison_id)
        rooms = {digest: self._store.rooms.get(digest) for digest in view.rooms}
        return select(view, rooms, self._registry, which)

    def _made(self, write: Callable[[IO[bytes]], None], name: str, media_type: str) -> Download:
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by whoever sends it
        try:
            with self._places:
                write(file)
            size_bytes = file.seek(0, 2)
            file.seek(0)
        except OSError as error:
            file.close()
            raise ParametersRefused(f"The file could not be made: {error.strerror}. Is the disk full?") from error
        except BaseException:
            file.close()
            raise
        return Download(file, name, media_type, size_bytes)


def _name(selection: Selection, what: str, ending: str) -> str:
    comparison = selection.comparison
    told = slug(plain_letters(comparison.name), f"comparison-{comparison.created_at:%Y-%m-%d}")
    which = "" if selection.which is Which.ALL else f"_{selection.which.value}"
    return f"{told}_{what}{which}{ending}"
