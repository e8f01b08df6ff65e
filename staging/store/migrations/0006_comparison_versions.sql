-- What people say about a comparison after it was asked for; the highest version counts.
CREATE TABLE app.comparison_versions (
    comparison_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    archived BOOLEAN NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    written_by VARCHAR NOT NULL,
    PRIMARY KEY (comparison_id, version)
);
