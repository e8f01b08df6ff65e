"""Which permission each page takes. A page without a row opens for nobody, and fails a test."""

from collections.abc import Mapping

from staging.access import Actor, Permission, allow
from staging.errors import NotAllowed

PAGE_PERMISSIONS: Mapping[str, Permission] = {
    "compare": Permission.LOOK,
    "history": Permission.LOOK,
    "rooms": Permission.LOOK,
    "models": Permission.LOOK,
    "prompts": Permission.LOOK,
    "vote": Permission.VOTE,
    "leaderboard": Permission.LOOK,
    "experiments": Permission.MANAGE_EXPERIMENTS,
    "prices": Permission.SEE_COSTS,
    "costs": Permission.SEE_COSTS,
    "budgets": Permission.SEE_COSTS,
    "alerts": Permission.SEE_COSTS,
    "projects": Permission.MANAGE_PROJECTS,
    "calibration": Permission.SEE_CALIBRATION,
    "people": Permission.MANAGE_PEOPLE,
    "keys": Permission.MANAGE_KEYS,
    "audit": Permission.SEE_AUDIT,
    "settings": Permission.ADMINISTER,
}
"""By the page's file in pages/, without its ending."""


def may_open(actor: Actor, page: str) -> bool:
    """True when the page has a row and the actor's role has its permission."""
    permission = PAGE_PERMISSIONS.get(page)
    return permission is not None and actor.may(permission)


def open_page(actor: Actor, page: str) -> None:
    """Return when the actor may open the page; NotAllowed says what it takes otherwise."""
    permission = PAGE_PERMISSIONS.get(page)
    if permission is None:
        raise NotAllowed(f"The page {page} is open to nobody: it has no row in the table of permissions.")
    allow(actor, permission)
