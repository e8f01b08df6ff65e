"""The people of a lab with sign-in: who somebody is by what the identity provider says, and which role they have.

The People page edits one document with versions. STAGING_ADMINS stands above it, a claim of the
provider below: a person who is blocked on the page has no role, whatever the claim names.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from pydantic import JsonValue

from staging.access import LOCAL_PERSON, Actor, Permission, Role, allow
from staging.config import Settings
from staging.errors import NotFound, PeopleRefused, SettingsRefused, SignInNeeded, Stranger
from staging.origins import Author
from staging.signin import sign_in_wanted
from staging.store import Document, Store

KIND = NAME = "people"
BLOCKED = "blocked"
"""Instead of a role: this person has none, whatever the provider claims."""
LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_CLOCKS_DIFFER_SECONDS = 300


class Basis(StrEnum):
    """What gives somebody their role."""

    SETTING = "STAGING_ADMINS"
    PAGE = "People page"
    CLAIM = "claim of the provider"


@dataclass(frozen=True, slots=True)
class Roster:
    """The people of the page as one version has them; every value is a role's name, or "blocked"."""

    version: int
    """-1 when nothing was ever written."""
    people: Mapping[str, str]


class People:
    """Knows and edits who has which role. `now` returns seconds since 1970, as time.time does."""

    def __init__(self, settings: Settings, store: Store, now: Callable[[], float] = time.time) -> None:
        self.sign_in = sign_in_wanted(settings)
        """Whether people sign in; without it, one local admin acts."""
        self.public_url = settings.public_url if self.sign_in else ""
        """Where people open the lab; empty without sign-in, when only this machine does."""
        self.admins = settings.admins
        """Those that the environment makes admins."""
        self._claim = settings.role_claim
        self._seconds = settings.sign_in_hours * 3600
        self._store = store
        self._now = now
        self._known: tuple[int, Roster] | None = None

    def actor(self, claims: Mapping[str, object] | None, origin: str) -> Actor:
        """Return who acts, with the role of this moment, by the claims of a checked token of the provider.

        SignInNeeded when there are none or the sign-in is over, Stranger when the person has no role.
        Without sign-in it is the local admin, whatever the claims say.
        """
        if not self.sign_in:
            return Actor(LOCAL_PERSON, Role.ADMIN, origin)
        if not claims:
            raise SignInNeeded("Sign in to use Staging Lab.")
        self._refuse_old(claims)
        email = self._email(claims)
        found = self.role(email, claims)
        if found is None:
            raise Stranger(f"You are signed in as {email}, and nobody has given you a role in Staging Lab yet.")
        return Actor(email, found[0], origin)

    def role(self, email: str, claims: Mapping[str, object] | None = None) -> tuple[Role, Basis] | None:
        """Return the role of the address and what gives it; None for a stranger or somebody blocked."""
        if email in self.admins:
            return Role.ADMIN, Basis.SETTING
        entry = self.roster().people.get(email)
        if entry is not None:
            return None if entry == BLOCKED else (Role(entry), Basis.PAGE)
        claimed = self._claimed(claims or {})
        return None if claimed is None else (claimed, Basis.CLAIM)

    def roster(self) -> Roster:
        """Return the page's people of this moment."""
        # A page asks several times a run, and a read takes milliseconds: what was read holds until somebody
        # writes a document, whatever it is. The number comes first, so that no write in between is missed.
        writes = self._store.documents.writes
        known = self._known
        if known is None or known[0] != writes:
            try:
                roster = _roster(self._store.documents.get(KIND, NAME))
            except NotFound:
                roster = Roster(-1, MappingProxyType({}))
            known = self._known = (writes, roster)
        return known[1]

    def versions(self) -> list[Document]:
        """Return every version that was written, the newest first."""
        return self._store.documents.versions(KIND, NAME)

    def set(self, actor: Actor, email: str, role: Role | None, at: datetime, *, follows: int) -> Roster:
        """Give the person the role, or block them with None; return the new roster.

        NotAllowed unless the actor manages people, PeopleRefused for no e-mail address or when no
        admin would be left, EditedMeanwhile when `follows` is not the last version.
        """
        email = email.strip().lower()
        if not _EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL:
            raise PeopleRefused("That is no e-mail address such as kim@example.com. Nothing was changed.")
        if email in self.admins:
            raise PeopleRefused(f"{email} is an admin by STAGING_ADMINS: change it there. Nothing was changed.")
        people = {**self.roster().people, email: BLOCKED if role is None else role.value}
        return self._write(actor, people, at, follows, f"{email}: {people[email]}")

    def remove(self, actor: Actor, email: str, at: datetime, *, follows: int) -> Roster:
        """Take the person off the page; return the new roster. It raises what `set` does."""
        people = {one: role for one, role in self.roster().people.items() if one != email}
        return self._write(actor, people, at, follows, f"{email}: taken off")

    def any_admin(self) -> bool:
        """True when somebody is an admin by the environment or by the page."""
        return bool(self.admins) or Role.ADMIN in self.roster().people.values()

    def refuse_adminless(self) -> None:
        """Raise SettingsRefused when people sign in and nobody is an admin who could give the others a role."""
        if self.sign_in and not self.any_admin():
            raise SettingsRefused(
                "The sign-in has no admin: set STAGING_ADMINS to the e-mail address of the first one. "
                "docs/sign_in.md says how."
            )

    def whom_to_ask(self, email: str) -> list[str]:
        """Return the admins of the same domain as the address: no outsider learns who works here."""
        domain = email.rpartition("@")[2]
        by_page = [one for one, role in self.roster().people.items() if role == Role.ADMIN]
        return sorted(one for one in {*self.admins, *by_page} if one.rpartition("@")[2] == domain)

    def _write(self, actor: Actor, people: Mapping[str, str], at: datetime, follows: int, note: str) -> Roster:
        allow(actor, Permission.MANAGE_PEOPLE)
        before = self.roster()
        if not self.admins and Role.ADMIN in before.people.values() and Role.ADMIN not in people.values():
            raise PeopleRefused("This is the last admin: make somebody else an admin first. Nothing was changed.")
        body: JsonValue = {"people": {**dict(sorted(people.items()))}}
        by = Author(actor.name, actor.origin)
        written = self._store.documents.write(KIND, NAME, body, by, at, note=note, follows=follows)
        return _roster(written)

    def _refuse_old(self, claims: Mapping[str, object]) -> None:
        issued = claims.get("iat")
        age = self._now() - issued if isinstance(issued, int | float) and not isinstance(issued, bool) else None
        if age is None or not -_CLOCKS_DIFFER_SECONDS <= age <= self._seconds:
            raise SignInNeeded("Your sign-in is over: sign in again.")

    def _email(self, claims: Mapping[str, object]) -> str:
        email = claims.get("email")
        if not isinstance(email, str) or not _EMAIL.fullmatch(email.strip()):
            raise Stranger("Your identity provider did not say your e-mail address, by which roles are given here.")
        # Whoever types an address at a provider that does not check it could be anybody.
        if claims.get("email_verified", True) not in (True, "true"):
            raise Stranger(
                f"Your identity provider has not verified the address {email.strip()}: verify it there first."
            )
        return email.strip().lower()

    def _claimed(self, claims: Mapping[str, object]) -> Role | None:
        if not self._claim:
            return None
        value = claims.get(self._claim)
        named = value if isinstance(value, list) else [value]
        return next((role for role in reversed(Role) if role.value in named), None)


def _roster(document: Document) -> Roster:
    body = document.body
    assert isinstance(body, dict)
    people = body["people"]
    assert isinstance(people, dict)
    return Roster(document.version, MappingProxyType({email: str(role) for email, role in people.items()}))
