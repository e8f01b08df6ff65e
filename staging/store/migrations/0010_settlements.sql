-- What the provider's bill, or a person, says a prediction came to. The highest sequence counts, before
-- the charge that we reckoned, which stays where it is.
CREATE TABLE app.settlements (
    prediction_id VARCHAR NOT NULL,
    sequence INTEGER NOT NULL,
    usd DECIMAL(18, 6) NOT NULL,
    source VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    settled_at TIMESTAMPTZ NOT NULL,
    settled_by VARCHAR NOT NULL,
    PRIMARY KEY (prediction_id, sequence)
);
