"""Every page, in the order of the navigation."""

from typing import NamedTuple

LIBRARY, MONEY, ADMINISTRATION = "Library", "Money", "Administration"


class Listed(NamedTuple):
    """A page as the navigation shows it, by its file in `pages`."""

    file: str
    title: str
    icon: str
    help: str
    section: str = ""
    """The menu it stands in; empty for what people use every day, which stands beside the menus."""


LISTED = (
    Listed("compare", "Compare", ":material/compare:", "Run models on rooms and see the results side by side."),
    Listed("history", "History", ":material/history:", "Every comparison: find it, open it, run it again."),
    Listed("vote", "Vote", ":material/how_to_vote:", "Judge pairs of pictures without knowing who made them."),
    Listed(
        "leaderboard",
        "Leaderboard",
        ":material/leaderboard:",
        "Which model people prefer in blind votes, how surely, and at what cost.",
    ),
    Listed(
        "experiments",
        "Experiments",
        ":material/science:",
        "Which model is better, how surely, and may we stop?",
    ),
    Listed("rooms", "Rooms", ":material/photo_library:", "All photos of rooms: add, describe, archive.", LIBRARY),
    Listed("models", "Models", ":material/tune:", "What each model can do and what it costs.", LIBRARY),
    Listed(
        "prompts",
        "Prompts",
        ":material/edit_note:",
        "What the models are told: edit it, and every version is kept.",
        LIBRARY,
    ),
    Listed("projects", "Projects", ":material/folder:", "The model and style each begins with; archive.", LIBRARY),
    Listed(
        "prices",
        "Prices",
        ":material/sell:",
        "What each model costs from which day on, and what the provider's bill says.",
        MONEY,
    ),
    Listed(
        "costs", "Costs", ":material/payments:", "What was spent, on what, by whom, and per accepted picture.", MONEY
    ),
    Listed(
        "budgets",
        "Budgets",
        ":material/account_balance_wallet:",
        "What may be spent on what, and how much of it is left.",
        MONEY,
    ),
    Listed(
        "alerts",
        "Alerts",
        ":material/notifications:",
        "What was told about budgets, and by which channels it is sent.",
        MONEY,
    ),
    Listed(
        "settings",
        "Settings",
        ":material/settings:",
        "Models, notifications, how long pictures are kept, health.",
        ADMINISTRATION,
    ),
    Listed(
        "calibration",
        "Calibration",
        ":material/straighten:",
        "How well scores, and the judge, agree with what people accept and reject.",
        ADMINISTRATION,
    ),
    Listed(
        "audit", "Audit", ":material/policy:", "Who changed what, from where, and what it was before.", ADMINISTRATION
    ),
    Listed("people", "People", ":material/group:", "Who may do what here.", ADMINISTRATION),
    Listed("keys", "Keys", ":material/key:", "Which programs may use Staging Lab, and as what.", ADMINISTRATION),
)
