"""Models: the registry, to be read: what each can do, what it costs by whom, and under which terms."""

import streamlit as st

from pages.components.words import counted, duration, plain, price_text
from staging.desk import ModelOffer
from staging.lab import current
from staging.registry import Capability


def facts(offer: ModelOffer) -> dict[str, str]:
    """Return what is known of a model, as a short list of names and values."""
    spec, price = offer.spec, offer.price
    note = f" ({plain(price.note)})" if price.note else ""
    told = {
        "Price": plain(price_text(price)) + note,
        "Source": f"{plain(price.source)}, {price.dated:%-d %b %Y}",
        "Time": plain(duration(spec.typical_seconds and round(spec.typical_seconds))) or "not known",
        "Licence": plain(spec.licence),
    }
    if spec.version:
        told["Version"] = f"`{spec.version[:12]}…`"
    return told


def card(offer: ModelOffer) -> None:
    """Draw one model."""
    spec = offer.spec
    with st.container(border=True, height="stretch", key=f"model-{spec.id.replace('/', '-').replace('.', '-')}"):
        st.markdown(f"**{plain(spec.name)}**  \n:small[{plain(spec.id)}]")
        badges = [":green-badge[offline baseline]"] if Capability.OFFLINE in spec.capabilities else []
        badges += [
            f":gray-badge[{one.value}]"
            for one in Capability
            if one in spec.capabilities and one is not Capability.OFFLINE
        ]
        if offer.spec.id == lab.registry.default.id:
            badges.insert(0, ":blue-badge[default]")
        if badges:
            st.markdown(" ".join(badges))
        if spec.about:
            st.caption(plain(spec.about))
        st.table(facts(offer), border="horizontal", alt=f"Facts about {spec.name}")
        if not offer.available:
            st.caption(f":material/cloud_off: {plain(offer.reason)}")
        st.space("stretch")
        st.link_button("Documentation", spec.link, icon=":material/open_in_new:", type="tertiary")


lab = current()
offers = lab.desk.models()
ready = sum(offer.available for offer in offers)
st.caption(
    f"{counted(len(offers), 'model')} in the registry, {ready} of them ready to run here. Prices are estimates, each "
    "with its source and date; an unknown price is never counted as $0."
)
words = st.text_input(
    "Search", type="search", placeholder="Name, owner or capability", key="models-search", bind="query-params"
)
shown = [
    offer
    for offer in offers
    if (words or "").casefold()
    in f"{offer.spec.name} {offer.spec.id} {offer.spec.owner} {' '.join(offer.spec.capabilities)}".casefold()
]
if not shown:
    st.info("No model matches. Clear the search to see all of them.")
with st.grid("auto", min_column_width=330):
    for offer in shown:
        card(offer)
