-- What people decided about outputs; the highest sequence counts.
CREATE TABLE app.verdicts (
    prediction_id VARCHAR NOT NULL,
    sequence INTEGER NOT NULL,
    verdict VARCHAR NOT NULL,
    given_at TIMESTAMPTZ NOT NULL,
    given_by VARCHAR NOT NULL,
    PRIMARY KEY (prediction_id, sequence)
);
