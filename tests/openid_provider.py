"""A small OpenID provider on loopback: authorization code flow with PKCE (S256), tokens signed with RS256.

It checks what a real one checks, so an app that gets in here has done its part. The browser is shown a
page with a link for each person; nothing remembers who was signed in.
"""

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

CLIENT = "staging-lab"
_EXPONENT = 65_537
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 in a signature (RFC 8017, 9.2)."""


class Key:
    """An RSA key of 2,048 bits that signs; for tests only."""

    def __init__(self) -> None:
        p, q = _prime(), _prime()
        self.modulus = p * q
        self._private = pow(_EXPONENT, -1, (p - 1) * (q - 1))

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a JSON web token of the claims."""
        parts = ({"alg": "RS256", "kid": "1", "typ": "JWT"}, claims)
        signed = ".".join(_text(json.dumps(part).encode()) for part in parts)
        digest = _SHA256 + hashlib.sha256(signed.encode()).digest()
        padded = b"\x00\x01" + b"\xff" * (256 - 3 - len(digest)) + b"\x00" + digest
        return f"{signed}.{_text(pow(int.from_bytes(padded), self._private, self.modulus).to_bytes(256))}"

    def public(self) -> dict[str, str]:
        """Return what checks the signatures, as a JSON web key."""
        numbers = {"n": self.modulus, "e": _EXPONENT}
        told = {name: _text(value.to_bytes((value.bit_length() + 7) // 8)) for name, value in numbers.items()}
        return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", **told}


class OpenIDProvider:
    """Listens on 127.0.0.1. `people` is by the link's text: what the token says of them."""

    def __init__(self, people: Mapping[str, Mapping[str, object]]) -> None:
        self.people = people
        self.secret = secrets.token_hex(20)
        self.issued = 0
        """Tokens that were given out."""
        self._key = Key()
        self._codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
                pass

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                provider._get(self, parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider._token(self, {name: values[0] for name, values in parse_qs(body).items()})

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.metadata_url = f"{self.url}/.well-known/openid-configuration"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _get(self, asked: BaseHTTPRequestHandler, path: str, query: dict[str, str]) -> None:
        if path == "/.well-known/openid-configuration":
            _json(asked, 200, self._metadata())
        elif path == "/jwks":
            _json(asked, 200, {"keys": [self._key.public()]})
        elif path == "/authorize" and (wrong := self._wrong(query)):
            _json(asked, 400, {"error": "invalid_request", "error_description": wrong})
        elif path == "/authorize" and query.get("who") in self.people:
            code = secrets.token_urlsafe(16)
            self._codes[code] = query
            _redirect(asked, f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")
        elif path == "/authorize":
            links = "".join(
                f'<p><a href="/authorize?{html.escape(urlencode({**query, "who": who}))}">{html.escape(who)}</a></p>'
                for who in self.people
            )
            _send(
                asked, 200, "text/html", f"<!doctype html><title>Provider</title><h1>Who are you?</h1>{links}".encode()
            )
        elif path == "/favicon.ico":
            _send(asked, 204, "image/png", b"")
        elif path == "/logout":
            _redirect(asked, query["post_logout_redirect_uri"])
        else:
            _json(asked, 404, {"error": "not_found"})

    def _metadata(self) -> dict[str, object]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "email", "profile"],
        }

    def _wrong(self, query: Mapping[str, str]) -> str:
        if query.get("client_id") != CLIENT or query.get("response_type") != "code":
            return "client or response type"
        if "openid" not in query.get("scope", "").split() or not query.get("state") or not query.get("nonce"):
            return "scope, state or nonce"
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            return "PKCE"
        return ""

    def _token(self, asked: BaseHTTPRequestHandler, form: Mapping[str, str]) -> None:
        query = self._codes.pop(form.get("code", ""), None)  # a code is good for once
        kind, _, given = asked.headers.get("Authorization", "").partition(" ")
        basic = [unquote(part) for part in base64.b64decode(given).decode().split(":", 1)] if kind == "Basic" else []
        challenge = _text(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (basic or [form.get("client_id", ""), form.get("client_secret", "")]) != [CLIENT, self.secret]:
            _json(asked, 401, {"error": "invalid_client"})
        elif query is None or form["redirect_uri"] != query["redirect_uri"] or challenge != query["code_challenge"]:
            _json(asked, 400, {"error": "invalid_grant"})
        else:
            now = int(time.time())
            token = {
                "iss": self.url,
                "aud": CLIENT,
                "sub": query["who"],
                "iat": now,
                "exp": now + 3600,
                "nonce": query["nonce"],
                **self.people[query["who"]],
            }
            self.issued += 1
            access = secrets.token_urlsafe(16)
            told = {
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": 3600,
                "id_token": self._key.sign(token),
            }
            _json(asked, 200, told)


def _prime() -> int:
    """Return a prime of 1,024 bits whose two highest bits are set, and that fits the exponent."""
    while True:
        odd = secrets.randbits(1024) | (3 << 1022) | 1
        if odd % _EXPONENT == 1 or any(odd % small == 0 for small in _SMALL) or pow(2, odd - 1, odd) != 1:
            continue
        if all(_passes(odd, secrets.randbelow(odd - 3) + 2) for _ in range(8)):
            return odd


_SMALL = [one for one in range(3, 2000, 2) if all(one % other for other in range(3, int(one**0.5) + 1, 2))]


def _passes(odd: int, base: int) -> bool:
    """Miller and Rabin's test of one base."""
    halvings = ((odd - 1) & -(odd - 1)).bit_length() - 1
    power = pow(base, (odd - 1) >> halvings, odd)
    if power in (1, odd - 1):
        return True
    for _ in range(halvings - 1):
        power = power * power % odd
        if power == odd - 1:
            return True
    return False


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(asked: BaseHTTPRequestHandler, status: int, content: object) -> None:
    _send(asked, status, "application/json", json.dumps(content).encode())


def _redirect(asked: BaseHTTPRequestHandler, where: str) -> None:
    _send(asked, 302, "text/plain", b"", where)


def _send(asked: BaseHTTPRequestHandler, status: int, kind: str, content: bytes, where: str = "") -> None:
    asked.send_response(status)
    asked.send_header("Content-Type", kind)
    asked.send_header("Content-Length", str(len(content)))
    if where:
        asked.send_header("Location", where)
    asked.end_headers()
    asked.wfile.write(content)
