-- Every privileged act: who did what, from where, to what, and what differed. Each row carries the SHA-256 of the
-- one before it and its own, over that digest and the canonical JSON of the rest (staging/audit.py).
CREATE TABLE app.audit (
    sequence BIGINT NOT NULL,
    happened_at TIMESTAMPTZ NOT NULL,
    actor VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    act VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    before JSON,
    after JSON,
    note VARCHAR NOT NULL,
    previous VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    PRIMARY KEY (sequence)
);
