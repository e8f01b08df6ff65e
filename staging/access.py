"""Who may do what: four roles, one table, and nothing that is not in it.

A page or a route asks `allow` with the person (or key) who acts. The person is asked for again at
every act, so a role that was taken away acts on the next interaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from staging.errors import NotAllowed, SignInNeeded
from staging.origins import Author

LOCAL_PERSON = "local"
"""Who acts while no sign-in is configured: the one person on this machine."""
PAGE = "page"
COMMAND_LINE = "command line"


class Role(StrEnum):
    """What somebody is here, from the least to the most; each may do what those before it may."""

    RATER = "rater"
    OPERATOR = "operator"
    MANAGER = "manager"
    ADMIN = "admin"

    @property
    def with_article(self) -> str:
        """Return "a rater", "an operator"."""
        return f"{'an' if self.value[0] in 'ao' else 'a'} {self.value}"


class Permission(StrEnum):
    """What can be allowed; the value is the deed as a sentence says it."""

    VOTE = "vote"
    LOOK = "look at rooms, comparisons, models and prompts"
    RUN = "upload rooms, run models and bring pictures in"
    JUDGE = "accept, reject and rate results"
    TAKE_AWAY = "take results away"
    SHARE = "share comparisons outside"
    SEE_COSTS = "see costs, prices, budgets and alerts"
    EDIT_PRICES = "edit prices and settle bills"
    EDIT_BUDGETS = "edit budgets"
    EDIT_PROMPTS = "edit prompts"
    MANAGE_EXPERIMENTS = "manage experiments"
    MANAGE_PROJECTS = "manage projects"
    SEE_CALIBRATION = "see how well scores and the judge agree with people"
    MANAGE_MODELS = "manage models"
    MANAGE_PEOPLE = "manage people and roles"
    MANAGE_KEYS = "manage API keys"
    SEE_AUDIT = "see the audit log"
    ADMINISTER = "administer settings"


_RATER = frozenset({Permission.VOTE})
_OPERATOR = _RATER | {Permission.LOOK, Permission.RUN, Permission.JUDGE, Permission.TAKE_AWAY, Permission.SHARE}
_MANAGER = _OPERATOR | {
    Permission.SEE_COSTS,
    Permission.EDIT_PRICES,
    Permission.EDIT_BUDGETS,
    Permission.EDIT_PROMPTS,
    Permission.MANAGE_EXPERIMENTS,
    Permission.MANAGE_PROJECTS,
    Permission.SEE_CALIBRATION,
}
_ADMIN = _MANAGER | {
    Permission.MANAGE_MODELS,
    Permission.MANAGE_PEOPLE,
    Permission.MANAGE_KEYS,
    Permission.SEE_AUDIT,
    Permission.ADMINISTER,
}
ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.RATER: _RATER,
    Role.OPERATOR: _OPERATOR,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: _ADMIN,
}
"""The table. A permission that stands in no row is nobody's."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or something with a key, who acts."""

    name: str
    """What the ledger and the audit log call them: an e-mail address, or "local"."""
    role: Role
    origin: str
    """From where: "page", "command line", or "API key" with the key's name."""

    def may(self, permission: Permission) -> bool:
        """True when the table says so."""
        return permission in ROLE_PERMISSIONS[self.role]


def allow(actor: Actor, permission: Permission) -> None:
    """Return when the actor's role has the permission; NotAllowed says what it takes otherwise."""
    if actor.may(permission):
        return
    holders = [f"{role.value}s" for role in Role if permission in ROLE_PERMISSIONS[role]]
    takes = f"only {' and '.join(filter(None, (', '.join(holders[:-1]), holders[-1])))}" if holders else "nobody"
    raise NotAllowed(
        f"{actor.name} is {actor.role.with_article} here, and {takes} may {permission}. "
        "If you need it, ask an admin of Staging Lab for another role."
    )


_acting: Callable[[], Actor] | None = None


def set_acting(source: Callable[[], Actor] | None) -> None:
    """Make this the answer to who acts on a page; the navigation script does, on every run."""
    global _acting
    _acting = source


def acting() -> Actor:
    """Return who acts on the page at this moment, with the role of this moment; NotAllowed when it is nobody."""
    if _acting is None:
        raise SignInNeeded("Nobody is signed in here: open a page first.")
    return _acting()


def person(permission: Permission | None = None) -> str:
    """Return the name that an act on a page is logged under; it carries the actor's origin (an `Author`).

    NotAllowed when nobody acts, or when their role of this moment lacks the permission the act needs.
    """
    actor = acting()
    if permission is not None:
        allow(actor, permission)
    return Author(actor.name, actor.origin)
