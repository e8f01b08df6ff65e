-- Raised once a budget, period and kind ('50', '80', ... percent, or 'forecast'): the key sees to it.
CREATE TABLE app.alerts (
    budget VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    sentence VARCHAR NOT NULL,
    spent_usd DECIMAL(18, 6) NOT NULL,
    limit_usd DECIMAL(18, 6) NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (budget, period, kind)
);

-- One row a step of a delivery: 'sending' is written before it is sent, 'sent' or 'failed' after.
CREATE TABLE app.alert_deliveries (
    budget VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    sequence INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    error VARCHAR NOT NULL,
    happened_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (budget, period, kind, channel, sequence)
);

CREATE TABLE app.alert_readings (
    budget VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    read_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (budget, period, kind, person)
);
