"""A lab with sign-in for tests: its settings, and what an identity provider says of somebody."""

import time
from typing import Any

ADMIN = "ada@example.com"
SIGN_IN: dict[str, Any] = {
    "public_url": "http://127.0.0.1:8501",
    "oidc_client_id": "staging",
    "oidc_client_secret": "the provider's secret",
    "oidc_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
    "cookie_secret": "c" * 40,
    "admins": (ADMIN,),
}


def claims(email: object = ADMIN, **more: object) -> dict[str, Any]:
    """Return what a fresh token says."""
    return {"email": email, "email_verified": True, "iat": time.time(), "is_logged_in": True, **more}
