-- Pictures the provider holds for us, so that a room is uploaded once while its URL lives.
CREATE TABLE app.uploads (
    id VARCHAR PRIMARY KEY,
    provider VARCHAR NOT NULL,
    room VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    uploaded_at TIMESTAMPTZ NOT NULL
);
