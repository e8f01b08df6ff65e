"""Outputs made elsewhere, by a vendor or a person: brought in to stand beside the models'.

They are predictions of a model that no registry knows (`external/<slug>`), queued and ended in one
transaction: nothing is asked for, so the engine never hears of them.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from pydantic import JsonValue

from staging.costs import Quantities, reckon
from staging.errors import ParametersRefused
from staging.ids import new_id
from staging.images import Pictures
from staging.predictions import EXTERNAL, Comparison, Event, Prediction, State
from staging.registry import ModelRegistry, Price
from staging.store import Store

MAKER = "maker"
"""The parameter that holds the maker's name as it was given."""
LONGEST_MAKER = 80
MOST_USD = Decimal(100_000)
IMPORTED = "imported, as stated"
_PREFIX = f"{EXTERNAL}/"
_LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True)
class Import:
    """One picture made elsewhere, as a person hands it in."""

    data: bytes
    file_name: str
    """For sentences only."""
    room: str
    """The room's digest."""
    maker: str
    usd: Decimal | None = None
    """What it cost, as stated; None when that is not known."""


def is_external(model: str) -> bool:
    """True for the id of a maker, not of a model."""
    return model.startswith(_PREFIX)


def external_id(maker: str) -> str:
    """Return the model id of a maker: two names that differ only in case or marks are one maker.

    ParametersRefused when it is no name.
    """
    name = " ".join(maker.split())
    if not name or len(name) > LONGEST_MAKER or not name.isprintable():
        raise ParametersRefused(f"Say who made it, in 1 to {LONGEST_MAKER} characters.")
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST_SLUG].strip("-")
    # A name in another script has no such letters: its digest tells it from others.
    return _PREFIX + (slug or f"maker-{hashlib.sha256(name.casefold().encode()).hexdigest()[:8]}")


def model_name(model: str, registry: ModelRegistry, parameters: Mapping[str, JsonValue] | None = None) -> str:
    """Return what people call the model, or the maker: from the parameters when they name one."""
    if registry.exists(model):
        return registry.get(model).name
    if not is_external(model):
        return model
    return str((parameters or {}).get(MAKER) or model.removeprefix(_PREFIX).replace("-", " ").capitalize())


def bring_in(
    store: Store, pictures: Pictures, piece: Import, by: str, *, comparison: str | None = None, name: str = ""
) -> Prediction:
    """Return the prediction that the picture became, in this comparison or in a new one of that name.

    The bytes are kept as received. The same picture by the same maker for the same room of a
    comparison is brought in once. UploadRejected says why the picture is not taken; ParametersRefused
    or NotFound what else is wrong; then nothing is written.
    """
    model = external_id(piece.maker)
    usd = piece.usd
    if usd is not None and not (usd.is_finite() and 0 <= usd <= MOST_USD):
        raise ParametersRefused(f"The price must be between $0 and ${MOST_USD:,}; leave it out when it is not known.")
    room = store.rooms.get(piece.room)
    now = datetime.now(UTC)
    if comparison is None:
        into = Comparison(new_id(), name, room.project, now, by)
        members = []
    else:
        into = store.comparisons.get(comparison)
        members = store.predictions.of_comparison(comparison)
        if room.digest not in {member.prediction.room for member in members}:
            raise ParametersRefused(f"{room.name} is no room of this comparison: choose one that is.")
    output = pictures.keep_imported(piece.data, piece.file_name)
    for member in members:
        same = (member.prediction.room, member.prediction.model) == (room.digest, model)
        if same and output.digest in {known.digest for known in member.outputs}:
            return member.prediction
    price = Price(usd_per_image=usd, source="as stated at the import", dated=now.date())
    charge = reckon(price, Quantities(images=1), IMPORTED)
    prediction = Prediction(
        id=new_id(),
        comparison_id=into.id,
        room=room.digest,
        model=model,
        version=None,
        provider=EXTERNAL,
        style="",
        prompt="",
        parameters={MAKER: " ".join(piece.maker.split())},
        seed=None,
        price=price,
        estimate_usd=usd,
        project=into.project or room.project,
        created_at=now,
        created_by=by,
    )
    end = Event(
        prediction.id,
        1,
        State.SUCCEEDED,
        now,
        charge_usd=charge.usd,
        charge_basis=charge.basis,
        charge_inputs=charge.inputs,
        outputs=(output,),
    )
    store.predictions.bring_in(into, prediction, end)
    return prediction
