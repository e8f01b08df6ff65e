"""The whole lab in one object: settings, store, pictures, engine, desk.

`app.py` opens it once a process; tests open as many as they like. Pages ask for `current()`.
"""

import hashlib
import logging
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from staging.alerts import AlertWatch, open_channels
from staging.budgets import Budgets
from staging.claim import Claim, claim
from staging.config import Settings
from staging.demo import Demo
from staging.desk import Desk
from staging.engine import Engine
from staging.errors import UploadRejected
from staging.experiments import Experiments
from staging.exports import DownloadLinks, Profiles, Takeaway, read_profiles
from staging.floors import Floors
from staging.images import Pictures, RoomPicture
from staging.images_door import READERS
from staging.jobs import Jobs
from staging.judge import Judge
from staging.keys import Keys, Pace
from staging.labels import Labels
from staging.model_setups import ModelSetups
from staging.models import default_registry
from staging.openings import RoomOpenings
from staging.people import People
from staging.prices import PriceBook, read_rates
from staging.projects import Projects
from staging.prompts import PromptBook
from staging.provider_checks import ProviderChecks
from staging.providers.base import Provider
from staging.providers.offline import OfflineProvider, missing_packages
from staging.providers.replicate import ReplicateProvider
from staging.registry import ModelRegistry
from staging.retention import Retention
from staging.rooms import SAMPLE_ROOMS, Room
from staging.routing import Routing
from staging.scoring import Scoring
from staging.sharing import Sharing
from staging.shelf import PromptShelf
from staging.store import AuditLedger, Store
from staging.thresholds import QualityThresholds
from staging.votes import BlindPictures, Voting

log = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent.parent
SHIPPED = HERE / "data"
"""What the repository brings: sample rooms, prompts, disclosure profiles, furniture."""


@dataclass(frozen=True, slots=True)
class Lab:
    """An open lab. `close` leaves everything as the ledger says."""

    settings: Settings
    registry: ModelRegistry
    store: Store
    pictures: Pictures
    prompt_shelf: PromptShelf
    prices: PriceBook
    setups: ModelSetups
    provider_checks: ProviderChecks
    engine: Engine
    budgets: Budgets
    alerts: AlertWatch
    desk: Desk
    takeaway: Takeaway
    sharing: Sharing
    experiments: Experiments
    routing: Routing
    voting: Voting
    blind_pictures: BlindPictures
    people: People
    projects: Projects
    openings: RoomOpenings
    labels: Labels
    judge: Judge
    retention: Retention
    keys: Keys
    jobs: Jobs
    thresholds: QualityThresholds
    scoring: Scoring
    floors: Floors
    demo: Demo
    claim: Claim

    @property
    def prompts(self) -> PromptBook:
        """The prompt book as the last person saved it; PromptsRefused when this release cannot use it."""
        return self.prompt_shelf.current().usable()

    @property
    def audit(self) -> AuditLedger:
        """The log of privileged acts."""
        return self.store.audit

    def close(self) -> None:
        """Stop the engine, close the ledger and let go of the data folder."""
        self.engine.stop()
        self.scoring.stop()
        self.alerts.stop()
        self.retention.stop()
        self.pictures.close()
        self.store.close()
        self.claim.release()


def open_lab(settings: Settings) -> Lab:
    """Return the lab at work: folder claimed, ledger migrated, sample rooms there, engine running.

    Any StagingError says why it cannot be: an unknown default model, a folder that is held, a
    ledger that cannot be read.
    """
    registry = default_registry(settings.default_model)
    shipped = PromptBook.read(SHIPPED / "prompts.toml")
    shipped_profiles = read_profiles(SHIPPED / "disclosure.toml")
    shipped_rates = read_rates(SHIPPED / "hardware.toml")
    channels = open_channels(settings.alert_urls)
    held = claim(settings.data_dir)
    try:
        store = Store.open(settings.ledger_path, settings.time_zone)
    except BaseException:
        held.release()
        raise
    store.audit.hide(_secrets(settings))
    key = _key(settings.data_dir)
    pictures = Pictures(settings.data_dir / "pictures", key)
    budgets = Budgets(store, registry)
    alerts = AlertWatch(store, budgets, channels)
    thresholds = QualityThresholds(store)
    openings = RoomOpenings(store, pictures)
    floors = Floors(store, openings.of)
    scoring = Scoring(store, pictures, thresholds, openings.all, on=settings.scoring)

    def ended() -> None:
        alerts.wake()
        scoring.wake()

    engine = Engine(
        settings=settings,
        registry=registry,
        store=store,
        pictures=pictures,
        providers=lambda: _providers(settings, pictures, floors),
        ended=ended,
    )
    shelf = PromptShelf(store, shipped)
    prices = PriceBook(registry, store, shipped_rates)
    setups = ModelSetups(store.documents, registry)
    desk = Desk(settings, registry, store, pictures, engine, budgets, _refusals(settings), prices, setups)
    profiles = Profiles(shipped_profiles, store)
    labels = Labels(store)
    takeaway = Takeaway(
        desk, store, registry, pictures, profiles, DownloadLinks(key), settings.data_dir, labels, openings
    )
    people = People(settings, store)
    sharing = Sharing(store, key, outside=settings.share_outside)
    experiments = Experiments(store, registry)
    routing = Routing(store, registry, experiments, setups)
    # Raters cannot foretell the next pair: the seed is as secret as the key, and none of its signatures.
    seed = hashlib.sha256(b"staging.votes" + key).hexdigest()
    voting = Voting(store, check_share=settings.vote_check_share, seed=seed, zone=settings.time_zone)
    lab = Lab(
        settings=settings,
        registry=registry,
        store=store,
        pictures=pictures,
        prompt_shelf=shelf,
        prices=prices,
        setups=setups,
        provider_checks=ProviderChecks(settings, SHIPPED / "schemas"),
        engine=engine,
        budgets=budgets,
        alerts=alerts,
        desk=desk,
        takeaway=takeaway,
        sharing=sharing,
        experiments=experiments,
        routing=routing,
        voting=voting,
        blind_pictures=BlindPictures(store, pictures, key),
        people=people,
        projects=Projects(store),
        openings=openings,
        labels=labels,
        judge=Judge(registry, store, pictures, engine, budgets, prices, _refusals(settings).get("replicate", "")),
        retention=Retention(store, pictures, experiments),
        keys=Keys(store, Pace(settings.api_rate, settings.api_burst)),
        jobs=Jobs(store, registry, desk, routing, shelf, setups),
        thresholds=thresholds,
        scoring=scoring,
        floors=floors,
        demo=Demo(store, pictures, registry, shelf, settings.data_dir),
        claim=held,
    )
    try:
        people.refuse_adminless()
        _add_sample_rooms(lab)
        alerts.start()
        lab.retention.start()
        scoring.start()
    except BaseException:
        lab.close()
        raise
    engine.start()
    return lab


def _providers(settings: Settings, pictures: Pictures, floors: Floors) -> Sequence[Provider]:
    providers: list[Provider] = [OfflineProvider(pictures, settings.offline_workers, floors.said)]
    if settings.replicate_api_token is not None:
        providers.append(
            ReplicateProvider(
                settings.replicate_api_token,
                base_url=settings.replicate_base_url,
                output_hosts=settings.output_hosts,
                webhook=_webhook(settings),
            )
        )
    return providers


def _webhook(settings: Settings) -> str | None:
    """Return where Replicate tells of ends; None where it cannot reach us, or nothing tells us that it is Replicate."""
    return f"{settings.public_url}/webhooks/replicate" if settings.public_url and settings.webhook_secret else None


def _secrets(settings: Settings) -> list[str]:
    """Return what the audit log must never hold."""
    held = (settings.replicate_api_token, settings.oidc_client_secret, settings.cookie_secret, settings.webhook_secret)
    return [one.get_secret_value() for one in (*settings.alert_urls, *held) if one]


def _refusals(settings: Settings) -> dict[str, str]:
    """Return why a provider, or a model of it, cannot be used here."""
    refusals: dict[str, str] = {}
    if settings.replicate_api_token is None:
        refusals["replicate"] = "Replicate is not connected. Set REPLICATE_API_TOKEN and start the app again."
    if missing := missing_packages():
        for model in ("offline/furnish", "offline/tone"):
            refusals[model] = f"{', '.join(missing)} not installed. Run `make install` and start again."
    return refusals


def _add_sample_rooms(lab: Lab) -> None:
    """Put the shipped rooms into the ledger on first start; one that was archived stays archived."""
    if not lab.settings.sample_rooms or lab.store.rooms.list(archived=True) or lab.store.rooms.list():
        return
    folder = SHIPPED / "sample_rooms"

    def keep(file: str) -> RoomPicture | None:
        try:
            return lab.pictures.keep_room((folder / file).read_bytes(), file, prepared=folder / ".prepared")
        except (OSError, UploadRejected) as error:
            log.warning("the sample room %s is left out: %s", file, error)
            return None

    with ThreadPoolExecutor(READERS) as at_once:
        kept = list(at_once.map(keep, SAMPLE_ROOMS))
    for (file, room_type), picture in zip(SAMPLE_ROOMS.items(), kept, strict=True):
        if picture is None:
            continue
        lab.store.rooms.add(
            Room(
                digest=picture.digest,
                name=Path(file).stem.capitalize(),
                width=picture.width,
                height=picture.height,
                size_bytes=picture.size_bytes,
                room_type=room_type,
                project="",
                note="",
                sample=True,
                archived=False,
                uploaded_at=datetime.now(UTC),
                uploaded_by="Staging Lab",
            )
        )


def _key(data_dir: Path) -> bytes:
    """Return the key that signs addresses, for each use a purpose of its own; made once, for this account only."""
    path = data_dir / "pictures.key"
    if path.exists():
        return path.read_bytes()
    key = secrets.token_bytes(32)
    unfinished = path.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(key)
    unfinished.replace(path)  # whole or not at all: half a key would sign nothing for ever
    return key


_current: Lab | None = None


def current() -> Lab:
    """Return the lab of this process; RuntimeError before `set_current`."""
    if _current is None:
        raise RuntimeError("no lab is open: app.py opens it before the first page")
    return _current


def set_current(lab: Lab | None) -> None:
    """Make this the lab that pages work with."""
    global _current
    _current = lab
