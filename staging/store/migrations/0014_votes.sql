-- One showing of two outputs (or sets of outputs) to a rater, without their names: which was left, which right.
-- The key lets a rater be shown a pair once, and once again as a hidden repeat (showing 1); the id is random,
-- and all that a browser learns.
CREATE TABLE app.ballots (
    rater VARCHAR NOT NULL,
    pair VARCHAR NOT NULL,
    showing INTEGER NOT NULL,
    id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    queue VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    room_type VARCHAR NOT NULL,
    style VARCHAR NOT NULL,
    project VARCHAR NOT NULL,
    left_predictions JSON NOT NULL,
    right_predictions JSON NOT NULL,
    left_model VARCHAR NOT NULL,
    right_model VARCHAR NOT NULL,
    left_arm VARCHAR,
    right_arm VARCHAR,
    made_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (rater, pair, showing)
);

-- What a rater said of a ballot: a choice, a skip, or that the last one is taken back. The highest sequence counts.
-- What the ballot was about stands here again, so that a hundred thousand votes are read without joining.
CREATE TABLE app.votes (
    rater VARCHAR NOT NULL,
    pair VARCHAR NOT NULL,
    showing INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    ballot VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    room_type VARCHAR NOT NULL,
    style VARCHAR NOT NULL,
    project VARCHAR NOT NULL,
    left_model VARCHAR NOT NULL,
    right_model VARCHAR NOT NULL,
    left_arm VARCHAR,
    right_arm VARCHAR,
    choice VARCHAR NOT NULL,
    reasons JSON NOT NULL,
    pin_side VARCHAR,
    pin_view INTEGER,
    pin_x DOUBLE,
    pin_y DOUBLE,
    seconds DOUBLE,
    given_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (rater, pair, showing, sequence)
);
