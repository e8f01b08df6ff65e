-- What ended on each day, added up, so that a report of years need not read every prediction. All of it
-- follows from the other tables: a day that is in sealed_days, and not stale, is as they say; any other is
-- reckoned anew. A later word on a prediction (a mark, a settlement, its room's type) makes its day stale.
CREATE TABLE app.sealed_days (
    day DATE NOT NULL,
    zone VARCHAR NOT NULL,
    sealed_at TIMESTAMPTZ NOT NULL,
    stale BOOLEAN NOT NULL
);

-- By every dimension at once: for reports of one model, project or person.
CREATE TABLE app.daily_costs (
    day DATE NOT NULL,
    model VARCHAR NOT NULL,
    project VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    room_type VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    predictions BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    cost_usd DECIMAL(38, 6) NOT NULL,
    settled BIGINT NOT NULL,
    settled_usd DECIMAL(38, 6) NOT NULL,
    unknown_charges BIGINT NOT NULL,
    held_usd DECIMAL(38, 6) NOT NULL
);

-- By one dimension at a time ('all' is by none), and so much shorter.
CREATE TABLE app.daily_totals (
    day DATE NOT NULL,
    dimension VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    predictions BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    cost_usd DECIMAL(38, 6) NOT NULL,
    settled BIGINT NOT NULL,
    settled_usd DECIMAL(38, 6) NOT NULL,
    unknown_charges BIGINT NOT NULL,
    held_usd DECIMAL(38, 6) NOT NULL
);

-- How long successes took, counted by steps of two per cent.
CREATE TABLE app.daily_seconds (
    day DATE NOT NULL,
    model VARCHAR NOT NULL,
    step INTEGER NOT NULL,
    predictions BIGINT NOT NULL
);

-- The same two added up by month, of the days sealed so far: used when all days of the month are.
CREATE TABLE app.monthly_totals (
    month DATE NOT NULL,
    dimension VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    predictions BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    cost_usd DECIMAL(38, 6) NOT NULL,
    settled BIGINT NOT NULL,
    settled_usd DECIMAL(38, 6) NOT NULL,
    unknown_charges BIGINT NOT NULL,
    held_usd DECIMAL(38, 6) NOT NULL
);

CREATE TABLE app.monthly_seconds (
    month DATE NOT NULL,
    model VARCHAR NOT NULL,
    step INTEGER NOT NULL,
    predictions BIGINT NOT NULL
);
