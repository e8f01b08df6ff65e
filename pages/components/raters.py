"""What votes say of the raters: for whoever leads the voting, not for raters."""

import streamlit as st

from pages.components.words import counted, plain
from staging.lab import Lab
from staging.votes import Interval


def raters(lab: Lab) -> None:
    """Draw each rater's figures, and how often the left side wins."""
    figures, left = lab.voting.figures()
    if not figures:
        st.info("Nobody has voted yet: figures come with the first votes.", icon=":material/how_to_vote:")
        return
    if left is not None:
        st.metric(
            "Left wins",
            f"{left.share:.0%}",
            help="Of all votes with a winner. Sides are shuffled, so this should be near 50 %: when its interval "
            "leaves 50 % out, eyes favour a side. That makes gaps between models look smaller, not larger.",
            width="content",
        )
        st.caption(plain(f"95 % interval: {left.low:.0%} to {left.high:.0%}, of {counted(left.of, 'vote')}."))
    st.dataframe(
        [
            {
                "Rater": one.rater,
                "Votes": one.votes,
                "Same answer again": _words(one.consistency),
                "Winner among twins": _words(one.twins_decided),
                "Left wins": _words(one.left),
            }
            for one in figures
        ],
        column_config={
            "Same answer again": st.column_config.Column(
                help="Of hidden repeats with the sides swapped: how often the answer was the same. By chance alone "
                "about half. With its 95 % interval."
            ),
            "Winner among twins": st.column_config.Column(
                help="Of pairs of two pictures by the same model: how often one was called better. High means that "
                "the rater sees winners where there is only chance."
            ),
        },
        hide_index=True,
        key="vote-raters",
    )
    share = lab.settings.vote_check_share
    st.caption(plain(f"{share:.0%} of the ballots are checks (STAGING_VOTE_CHECK_SHARE)."))


def _words(figure: Interval | None) -> str:
    if figure is None:
        return "not known yet"
    return f"{figure.share:.0%} ({figure.low:.0%} to {figure.high:.0%} of {figure.of})"
