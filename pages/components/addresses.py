"""The query parameters that say what is on the screen: a link with them shows the same."""

COMPARISON = "comparison"
"""The comparison being looked at."""
GRID = "grid"
"""How its grid is arranged, as the browser packs it."""
