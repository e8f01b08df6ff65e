-- Keys of the HTTP API: only a SHA-256 of what is shown once. A name is never given twice, so that who acted
-- stays clear.
CREATE TABLE app.api_keys (
    id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    made_by VARCHAR NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE app.api_key_revocations (
    key_id VARCHAR NOT NULL,
    revoked_at TIMESTAMPTZ NOT NULL,
    revoked_by VARCHAR NOT NULL,
    PRIMARY KEY (key_id)
);

-- The minutes in which a key was used, each once.
CREATE TABLE app.api_key_uses (
    key_id VARCHAR NOT NULL,
    used_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (key_id, used_at)
);

-- Jobs asked for over HTTP. The row is there before the comparison of the same id is.
CREATE TABLE app.jobs (
    holder VARCHAR NOT NULL,
    idempotency_key VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    id VARCHAR NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (holder, idempotency_key)
);
