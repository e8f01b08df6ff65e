"""The naive page that bench_compare measures beside ours: every picture through st.image."""

import os
from pathlib import Path

import streamlit as st

st.title("Naive")
st.button("Again", key="again")
for column, path in zip(st.columns(4) * 2, sorted(Path(os.environ["STAGING_TEST_NAIVE"]).iterdir()), strict=False):
    with column:
        st.image(path.read_bytes(), width="stretch")
