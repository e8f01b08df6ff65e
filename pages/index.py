"""The frame of every page: navigation, title, whether Replicate is connected, and a calm end to every error."""

from pathlib import Path

import streamlit as st

from pages.components.bell import bell
from pages.components.calm import calm
from pages.components.finishing import tell_what_finished
from staging.lab import current

PAGES = Path(__file__).resolve().parent

st.set_page_config(page_title="Staging Lab", page_icon=PAGES / "icon.svg", layout="wide")


def connection() -> None:
    """Say whether Replicate is connected, and how to connect it."""
    if current().settings.replicate_api_token is not None:
        st.badge("Replicate connected", icon=":material/cloud_done:", color="green")
        return
    with st.popover("Replicate not connected", icon=":material/cloud_off:", type="tertiary"):
        st.markdown(
            "The offline baselines run without it. To run the models on Replicate, make a token at "
            "[replicate.com/account/api-tokens](https://replicate.com/account/api-tokens), set it in the "
            "environment, and start the app again:"
        )
        st.code("export REPLICATE_API_TOKEN=r8_…\nmake run", language="bash")


page = st.navigation(
    [
        st.Page(
            PAGES / "compare.py",
            title="Compare",
            icon=":material/compare:",
            default=True,
            help="Run models on rooms and see the results side by side.",
        ),
        st.Page(
            PAGES / "history.py",
            title="History",
            icon=":material/history:",
            help="Every comparison: find it, open it, run it again.",
        ),
        st.Page(
            PAGES / "vote.py",
            title="Vote",
            icon=":material/how_to_vote:",
            help="Judge pairs of pictures without knowing who made them.",
        ),
        st.Page(
            PAGES / "leaderboard.py",
            title="Leaderboard",
            icon=":material/leaderboard:",
            help="Which model people prefer in blind votes, how surely, and at what cost.",
        ),
        st.Page(
            PAGES / "experiments.py",
            title="Experiments",
            icon=":material/science:",
            help="Which model is better, how surely, and may we stop?",
        ),
        st.Page(
            PAGES / "rooms.py",
            title="Rooms",
            icon=":material/photo_library:",
            help="All photos of rooms: add, describe, archive.",
        ),
        st.Page(
            PAGES / "models.py",
            title="Models",
            icon=":material/tune:",
            help="What each model can do and what it costs.",
        ),
        st.Page(
            PAGES / "prompts.py",
            title="Prompts",
            icon=":material/edit_note:",
            help="What the models are told: edit it, and every version is kept.",
        ),
        st.Page(
            PAGES / "prices.py",
            title="Prices",
            icon=":material/sell:",
            help="What each model costs from which day on, and what the provider's bill says.",
        ),
        st.Page(
            PAGES / "costs.py",
            title="Costs",
            icon=":material/payments:",
            help="What was spent, on what, by whom, and per accepted picture.",
        ),
        st.Page(
            PAGES / "budgets.py",
            title="Budgets",
            icon=":material/account_balance_wallet:",
            help="What may be spent on what, and how much of it is left.",
        ),
        st.Page(
            PAGES / "alerts.py",
            title="Alerts",
            icon=":material/notifications:",
            help="What was told about budgets, and by which channels it is sent.",
        ),
    ],
    position="top",
)
if st.context.theme.type == "dark":
    # The theme's colour carries white text on buttons: as text on the dark page it is too dim to read.
    st.html('<style>button[data-selected="true"] p { color: #5cc4b0; }</style>')
with calm():
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(page.title, anchor=False, width="stretch")
        blind = page.title == "Vote"  # an alert or a finished comparison may name a model (docs/decisions/0042)
        if not blind:
            with st.container(width="content"):
                bell(current())
        connection()
    shown = st.query_params.get("comparison") if page.title == "Compare" else None
    page.run()
    if not blind:
        tell_what_finished(current(), shown=shown)
