-- The most that a prediction may cost, set aside when it is queued. It counts against budgets until the
-- prediction has ended, then its charge does; while that charge is unknown, the reservation goes on counting.
CREATE TABLE app.reservations (
    prediction_id VARCHAR PRIMARY KEY,
    usd DECIMAL(18, 6) NOT NULL,
    reserved_at TIMESTAMPTZ NOT NULL
);

-- What has not ended, so that nobody need look through all that has. A row goes in the transaction that
-- writes the end; all of it follows from predictions, events and reservations.
CREATE TABLE app.open_predictions (
    prediction_id VARCHAR PRIMARY KEY,
    model VARCHAR NOT NULL,
    project VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    reserved_usd DECIMAL(18, 6)
);
INSERT INTO app.open_predictions
SELECT id, model, project, created_by, NULL FROM app.predictions
ANTI JOIN (SELECT prediction_id FROM app.events WHERE state IN ('succeeded', 'failed', 'canceled', 'unknown'))
    ON prediction_id = id;
