-- What people write and edit in the app (prompt book, model sets, disclosure profiles, ...), every
-- version kept; the highest one counts, and one without a body says that it was taken away.
CREATE TABLE app.documents (
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    body JSON,
    note VARCHAR NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    written_by VARCHAR NOT NULL,
    PRIMARY KEY (kind, name, version)
);
