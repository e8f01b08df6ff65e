-- Each try of the automatic scorer on an output: its scores, or why there are none. A later version of the scorer, or
-- outlines drawn since, add rows and change none: the scored row of the highest sequence counts.
CREATE TABLE app.scores (
    prediction_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    version VARCHAR NOT NULL,
    outlines VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    overall DOUBLE,
    confidence DOUBLE,
    structure_changed BOOLEAN,
    parts JSON NOT NULL,
    flags JSON NOT NULL,
    reason VARCHAR NOT NULL,
    seconds DOUBLE,
    overlay VARCHAR,
    scored_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (prediction_id, position, sequence)
);

-- What the thresholds made of a scored row, where a person had decided nothing. It counts as long as that row does,
-- and never instead of a verdict.
CREATE TABLE app.automatic_marks (
    prediction_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    deed VARCHAR NOT NULL,
    why JSON NOT NULL,
    thresholds INTEGER NOT NULL,
    marked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (prediction_id, position, sequence)
);
