-- A room is a fact; what people say about it is written as versions, the highest one counts.
CREATE TABLE app.rooms (
    digest VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    size_bytes BIGINT NOT NULL,
    sample BOOLEAN NOT NULL,
    uploaded_at TIMESTAMPTZ NOT NULL,
    uploaded_by VARCHAR NOT NULL
);

CREATE TABLE app.room_versions (
    room VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    room_type VARCHAR NOT NULL,
    project VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    archived BOOLEAN NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    written_by VARCHAR NOT NULL,
    PRIMARY KEY (room, version)
);
