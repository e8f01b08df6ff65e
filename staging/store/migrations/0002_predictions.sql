CREATE TABLE app.comparisons (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    project VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by VARCHAR NOT NULL
);

-- As asked for; nothing here ever changes.
CREATE TABLE app.predictions (
    id VARCHAR PRIMARY KEY,
    comparison_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    room VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    version VARCHAR,
    provider VARCHAR NOT NULL,
    style VARCHAR NOT NULL,
    prompt VARCHAR NOT NULL,
    parameters JSON NOT NULL,
    seed BIGINT,
    price JSON NOT NULL,
    estimate_usd DECIMAL(18, 6),
    project VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by VARCHAR NOT NULL,
    retry_of VARCHAR
);

-- One row a step. The key keeps two writers from taking the same step.
CREATE TABLE app.events (
    prediction_id VARCHAR NOT NULL,
    sequence INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    happened_at TIMESTAMPTZ NOT NULL,
    provider_id VARCHAR,
    input JSON,
    error VARCHAR,
    error_kind VARCHAR,
    metrics JSON,
    queue_seconds DOUBLE,
    run_seconds DOUBLE,
    total_seconds DOUBLE,
    charge_usd DECIMAL(18, 6),
    charge_basis VARCHAR,
    charge_inputs JSON,
    PRIMARY KEY (prediction_id, sequence)
);

-- The key keeps one provider's prediction from being adopted by two of ours.
CREATE TABLE app.adoptions (
    provider VARCHAR NOT NULL,
    provider_id VARCHAR NOT NULL,
    prediction_id VARCHAR NOT NULL,
    adopted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (provider, provider_id)
);

CREATE TABLE app.outputs (
    prediction_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    PRIMARY KEY (prediction_id, position)
);

CREATE TABLE app.cancel_requests (
    prediction_id VARCHAR PRIMARY KEY,
    requested_at TIMESTAMPTZ NOT NULL,
    requested_by VARCHAR NOT NULL
);
