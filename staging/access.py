"""Who is acting. Until sign-in is set up there is one local person, on this machine only."""

LOCAL_PERSON = "local"


def person() -> str:
    """Return the name that acts are logged under."""
    return LOCAL_PERSON
