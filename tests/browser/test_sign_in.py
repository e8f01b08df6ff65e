"""Sign-in in a real browser, at a real provider: four roles, a stranger, and a role that is taken away."""

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Page, expect

from pages.components.listed import LISTED
from staging.access import PAGE, Actor, Role
from staging.access_pages import may_open
from tests.app_server import ROOT, AppServer
from tests.browser.compare_page import go_to
from tests.browser.conftest import TRACEBACK, OpenPage, idle
from tests.browser.test_accessibility import hindrances
from tests.labs import lab_at, photo
from tests.openid_provider import CLIENT, OpenIDProvider
from tests.signed_in import ADMIN, SIGN_IN

PAGES = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"index", "__init__"}


class SignIn(NamedTuple):
    """An app with sign-in and its provider."""

    app: AppServer
    provider: OpenIDProvider
    secret: str
    """What signs the cookies."""


@pytest.fixture(scope="module")
def sign_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignIn]:
    folder, secret = tmp_path_factory.mktemp("sign-in") / "data", secrets.token_hex(32)
    people: dict[str, dict[str, object]] = {
        str(role): {"email": f"{role}@example.com", "email_verified": True} for role in Role if role is not Role.ADMIN
    }
    people["admin"] = {"email": ADMIN, "email_verified": True}
    people["stranger"] = {"email": "mallory@elsewhere.example", "email_verified": True}
    people["pretender"] = {"email": ADMIN, "email_verified": False}
    with lab_at(folder, **SIGN_IN) as lab:
        lab.desk.keep_room(photo(), "room.png", "tester")
        for role in (Role.RATER, Role.OPERATOR, Role.MANAGER):
            follows = lab.people.roster().version
            root = Actor(ADMIN, Role.ADMIN, PAGE)
            lab.people.set(root, f"{role}@example.com", role, datetime.now(UTC), follows=follows)
    with OpenIDProvider(people) as provider:
        app = AppServer(folder)
        app.environment.update(
            STAGING_SAMPLE_ROOMS="false",
            STAGING_PUBLIC_URL=app.url,
            STAGING_OIDC_CLIENT_ID=CLIENT,
            STAGING_OIDC_CLIENT_SECRET=provider.secret,
            STAGING_OIDC_METADATA_URL=provider.metadata_url,
            STAGING_COOKIE_SECRET=secret,
            STAGING_ADMINS=ADMIN,
        )
        app.start()
        try:
            yield SignIn(app, provider, secret)
        finally:
            app.stop()
    assert TRACEBACK not in app.log(), app.log()
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for canary in (provider.secret, secret):
        assert canary not in app.log()
        assert not [data for data in kept if canary.encode() in data]


def sign_in_as(page: Page, who: str) -> None:
    """Sign in as one of the provider's people."""
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=who, exact=True).click()
    idle(page)


def expect_listed(page: Page, files: set[str]) -> None:
    """The navigation lists the pages, by their files; with one page there is nowhere to go, and no navigation."""
    wanted = [listed for listed in LISTED if listed.file in files] if len(files) > 1 else []
    beside = page.get_by_test_id("stTopNavLink")
    expect(beside).to_have_text([re.compile(f"{listed.title}$") for listed in wanted if not listed.section])
    menus = page.get_by_test_id("stTopNavSection")
    sections = list(dict.fromkeys(listed.section for listed in wanted if listed.section))
    expect(menus).to_have_text([re.compile(section) for section in sections])
    for menu, section in enumerate(sections):
        menus.nth(menu).click()
        inside = [re.compile(f"{listed.title}$") for listed in wanted if listed.section == section]
        expect(page.get_by_role("menuitem")).to_have_text(inside)
        page.keyboard.press("Escape")
        expect(page.get_by_role("menuitem")).to_have_count(0)


def test_each_role_sees_its_pages_and_one_that_is_taken_away_ends(sign_in: SignIn, open_page: OpenPage) -> None:
    pages: dict[str, Page] = {}
    for role in Role:
        page = pages[role] = open_page("/", server=sign_in.app, tolerate="404", apart=True)
        sign_in_as(page, role)
        expect(page.get_by_text(re.compile(f"^{'ada' if role is Role.ADMIN else role}@")).first).to_be_visible()
        actor = Actor("", role, PAGE)
        expect_listed(page, {one for one in PAGES if may_open(actor, one)})
    rater, operator, admin = pages[Role.RATER], pages[Role.OPERATOR], pages[Role.ADMIN]
    rater.goto(f"{sign_in.app.url}/rooms")
    expect(rater.get_by_text("is a rater here, and only operators, managers and admins may look")).to_be_visible()
    operator.goto(f"{sign_in.app.url}/costs")
    expect(operator.get_by_text("is an operator here, and only managers and admins may see costs")).to_be_visible()
    operator.goto(f"{sign_in.app.url}/rooms")
    picture = operator.locator("img[src*='/pictures/']").first
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("one => one.naturalWidth") > 0
    assert httpx.get(sign_in.app.url + (picture.get_attribute("src") or "")).status_code == 401

    go_to(admin, "People")
    expect(admin.get_by_text("A change holds from the next thing")).to_be_visible()
    idle(admin)
    assert hindrances(admin) == []
    admin.locator("[class*='st-key-people-remove-operator'] button").first.click()
    expect(admin.get_by_text("is off the list")).to_be_visible()
    go_to(operator, "Models")

    expect(operator.get_by_text("nobody has given you a role in Staging Lab yet")).to_be_visible()
    expect_listed(operator, set())
    operator.get_by_role("button", name="Sign out").click()
    expect(operator.get_by_role("button", name="Sign in")).to_be_visible()
    assert hindrances(operator) == []
    assert sign_in.provider.issued >= 4
    for page in pages.values():
        assert sign_in.provider.secret not in page.content()
        assert sign_in.secret not in page.content()


def test_a_stranger_and_a_pretender_get_in_nowhere(sign_in: SignIn, open_page: OpenPage) -> None:
    for who, said, path in (
        ("stranger", "nobody has given you a role", "/people"),
        ("pretender", "has not verified the address", "/costs"),
    ):
        page = open_page("/", server=sign_in.app, tolerate="404", apart=True)
        sign_in_as(page, who)
        expect(page.get_by_text(said)).to_be_visible()
        page.goto(sign_in.app.url + path)
        expect(page.get_by_text(said)).to_be_visible()
        assert page.get_by_test_id("stTopNavLink").count() == 0
