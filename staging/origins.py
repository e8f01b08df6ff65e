"""Where an act comes from: carried with the name of who acts, so that every deed that takes a name can tell."""

UNKNOWN = "not told"
LAB = "the lab itself"


class Author(str):
    """The name of who acts, and where from; wherever a name is wanted it is just the name."""

    origin: str

    def __new__(cls, name: str, origin: str) -> "Author":
        """Return the name with "page", "command line", "API key <name>" or the like."""
        author = super().__new__(cls, name)
        author.origin = origin
        return author

    def __reduce__(self) -> "tuple[type[Author], tuple[str, str]]":
        """Return how a copy is made: Streamlit copies the values of its widgets."""
        return Author, (str(self), self.origin)


def origin_of(by: str) -> str:
    """Return where the act of this name comes from; UNKNOWN for a bare name."""
    return by.origin if isinstance(by, Author) else UNKNOWN
