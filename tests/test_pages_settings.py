"""Settings, Notifications, Retention and Health."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from staging import health
from staging import lab as labs
from staging.images import PictureKind
from staging.lab import Lab
from staging.retention import Policy
from tests.labs import UNCHANGED, ask, finished, lab_at, photo
from tests.replicate_server import ReplicateServer
from tests.screens import answer, visit, words


def section(name: str) -> AppTest:
    return answer(visit("settings"), "settings-section", name)


def table(screen: AppTest) -> dict[str, str]:
    """Return the last table's first two columns, without escapes."""
    rows = screen.table[-1].value.to_numpy().tolist()
    return {str(row[0]): str(row[1]).replace("\\", "") for row in rows}


# ── notifications ────────────────────────────────────────────────────────────────────────────────


def test_notifications_name_the_channels_and_never_their_addresses(first_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(first_folder, tmp_path / "data")
    with lab_at(tmp_path / "data", alert_urls=(SecretStr("json://user:canary7c1@127.0.0.1:9/x"),)) as lab:
        labs.set_current(lab)
        screen = section("Notifications")
        labs.set_current(None)

    assert "1: JSON" in words(screen).replace("\\", "")
    assert "canary7c1" not in str(screen)
    assert not screen.error


def test_without_channels_it_says_that_the_bell_is_all(first_lab: Lab) -> None:
    assert "in the bell only" in words(section("Notifications"))


# ── retention ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def old(first_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab with one finished output, a year later."""
    finished(first_lab, ask(first_lab, UNCHANGED, rooms=[photo(1)]))
    monkeypatch.setattr(first_lab.retention, "_clock", lambda: datetime.now(UTC) + timedelta(days=365))
    return first_lab


def test_what_would_go_is_listed_then_confirmed_then_gone(old: Lab) -> None:
    screen = section("Retention")
    screen.button(key="settings-retention-list").click().run()
    assert "Nothing is past its time" in words(screen)

    screen.number_input(key="settings-retention-output--1").set_value(30)
    screen.button(key="settings-retention-save").click().run()
    assert old.retention.policy() == Policy(output_days=30)
    screen.button(key="settings-retention-list").click().run()
    assert table(screen)["Outputs as received"] == "1"
    digest = next(digest for (digest,) in old.store.ledger.rows("SELECT digest FROM app.outputs"))
    assert old.pictures.here(digest, PictureKind.ORIGINAL)

    (delete,) = [one for one in screen.button if str(one.key).startswith("settings-retention-delete")]
    assert delete.label.startswith("Delete 1 file, ")
    delete.click().run()
    assert not old.pictures.here(digest, PictureKind.ORIGINAL)
    assert "1 file deleted" in screen.success[0].value
    assert not screen.error


def test_retention_is_off_until_an_admin_sets_it(first_lab: Lab) -> None:
    screen = section("Retention")

    assert screen.number_input(key="settings-retention-room--1").value is None
    assert screen.toggle(key="settings-retention-daily--1").value is False
    assert first_lab.retention.version() == -1


# ── health ───────────────────────────────────────────────────────────────────────────────────────


def test_health_tells_what_runs_what_waits_and_how_much_room_is_left(first_lab: Lab) -> None:
    told = table(section("Health"))

    assert told["Engine"] == "running"
    assert told["Queue"] == "0 under way, 0 of them waiting for their turn"
    assert told["Disk"].endswith("free")
    assert "schema" in told["Ledger"]
    assert told["Scores"] == "Scoring is switched off (STAGING_SCORING)."  # which is as somebody wants it
    assert told["Last backup"] == "none known here"
    assert told["Last verification"] == "none since the app was started"
    assert told["Replicate"].startswith("not asked yet")


def test_verify_now_says_what_differs(first_lab: Lab) -> None:
    screen = section("Health")
    screen.button(key="settings-health-verify").click().run()
    assert table(screen)["Last verification"].endswith("nothing differs")

    room = first_lab.store.rooms.list()[0].digest
    first_lab.pictures.delete(room, PictureKind.ORIGINAL)
    screen.button(key="settings-health-verify").click().run()
    assert table(screen)["Last verification"].startswith(":material/error:")
    assert room in words(screen)


def test_a_full_disk_and_a_stopped_engine_are_not_fine(first_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("staging.health.shutil.disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    first_lab.engine.stop()
    wrong = {one.about: one.said for one in health.signs(first_lab) if not one.fine}

    assert wrong["Disk"].startswith("5.0 MB free: make room")
    assert wrong["Engine"].startswith("stopped")


def test_a_backup_in_its_folder_is_seen(first_lab: Lab) -> None:
    folder = first_lab.settings.data_dir / health.BACKUPS
    folder.mkdir()
    (folder / "monday").mkdir()

    assert health.last_backup(first_lab.settings.data_dir).endswith("UTC")


@pytest.fixture
def connected(first_folder: Path, tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    shutil.copytree(first_folder, tmp_path / "data")
    with lab_at(tmp_path / "data", replicate_server) as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


def test_the_provider_is_asked_when_somebody_wants_to_know(connected: Lab) -> None:
    screen = section("Health")
    screen.button(key="settings-health-reach").click().run()

    assert table(screen)["Replicate"].startswith("reachable, as ")


def test_a_provider_that_is_away_is_a_sentence(connected: Lab) -> None:
    object.__setattr__(connected.settings, "replicate_base_url", "http://127.0.0.1:9")
    sign = health.reach(connected)

    assert not sign.fine
    assert "Replicate" in sign.said


@pytest.mark.parametrize(("size", "said"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (2_340_000_000, "2.3 GB")])
def test_sizes_are_said_with_their_unit(size: int, said: str) -> None:
    assert health.size_words(size) == said
