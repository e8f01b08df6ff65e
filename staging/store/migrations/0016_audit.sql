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

-- A picture file that retention has deleted: of a room, of an output, or a view of either. The rows about it stay.
CREATE TABLE app.deletions (
    kind VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    deleted_at TIMESTAMPTZ NOT NULL,
    deleted_by VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (kind, digest, deleted_at)
);
