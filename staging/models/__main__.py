"""`python -m staging.models` writes the generated part of docs/model_registry.md anew."""

from pathlib import Path

from staging.models import default_registry
from staging.models.table import rewritten

PAGE = Path("docs/model_registry.md")


def main(page: Path = PAGE) -> None:
    """Write the page, which holds both markers, anew from the registry."""
    page.write_text(rewritten(page.read_text(encoding="utf-8"), default_registry()), encoding="utf-8")


if __name__ == "__main__":
    main()
