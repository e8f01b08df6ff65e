-- What the ledger says now, for people and reports. These views are not in the ledger file: the
-- program makes them in memory at every start, and docs/ledger.md tells how to make them by hand.

CREATE OR REPLACE VIEW rooms_now AS
SELECT
    r.digest, r.name, r.width, r.height, r.size_bytes,
    v.room_type, v.project, v.note, r.sample, v.archived,
    r.uploaded_at, r.uploaded_by
FROM app.rooms AS r
JOIN (
    SELECT * FROM app.room_versions
    QUALIFY row_number() OVER (PARTITION BY room ORDER BY version DESC) = 1
) AS v ON v.room = r.digest;

CREATE OR REPLACE VIEW verdicts_now AS
SELECT * EXCLUDE (sequence)
FROM app.verdicts
QUALIFY row_number() OVER (PARTITION BY prediction_id ORDER BY sequence DESC) = 1;

-- The one event that ended each ended prediction.
CREATE OR REPLACE VIEW endings AS
SELECT prediction_id, state, happened_at AS ended_at, error, error_kind, run_seconds
FROM app.events
WHERE state IN ('succeeded', 'failed', 'canceled', 'unknown');

-- The last word on each prediction's charge. A basis without an amount says: unknown.
CREATE OR REPLACE VIEW charges_now AS
SELECT prediction_id, charge_usd, charge_basis, charge_inputs, happened_at AS charged_at
FROM app.events
WHERE charge_usd IS NOT NULL OR charge_basis IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY prediction_id ORDER BY sequence DESC) = 1;

-- One row a prediction: who, when, which room, what was sent to whom, what came of it, what it cost.
-- arg_max passes over NULLs, so each column holds the last event's word that said something.
CREATE OR REPLACE VIEW predictions_now AS
SELECT
    p.id AS prediction_id,
    p.comparison_id, c.name AS comparison, p.position, p.project,
    p.created_at AS asked_at, p.created_by AS asked_by, p.retry_of,
    p.room, r.name AS room_name,
    p.model, p.version, p.provider, e.provider_id,
    p.style, p.prompt, p.parameters, p.seed, e.input,
    e.state, e.state_at, e.submitted_at, e.running_at, n.ended_at,
    q.requested_at AS cancel_requested_at, q.requested_by AS cancel_requested_by,
    e.queue_seconds, e.run_seconds, e.total_seconds, e.metrics,
    p.price, p.estimate_usd, g.charge_usd, g.charge_basis, g.charge_inputs, g.charged_at,
    e.error, e.error_kind,
    o.digest AS output_digest, o.media_type AS output_media_type, o.size_bytes AS output_size_bytes,
    o.width AS output_width, o.height AS output_height,
    coalesce(v.verdict, 'undecided') AS verdict, v.given_at AS verdict_at, v.given_by AS verdict_by
FROM app.predictions AS p
JOIN app.comparisons AS c ON c.id = p.comparison_id
LEFT JOIN app.rooms AS r ON r.digest = p.room
JOIN (
    SELECT
        prediction_id,
        arg_max(state, sequence) AS state,
        arg_max(happened_at, sequence) AS state_at,
        arg_max(happened_at, sequence) FILTER (state = 'submitting') AS submitted_at,
        arg_max(happened_at, sequence) FILTER (state = 'running') AS running_at,
        arg_max(provider_id, sequence) AS provider_id,
        arg_max(input, sequence) AS input,
        arg_max(error, sequence) AS error,
        arg_max(error_kind, sequence) AS error_kind,
        arg_max(metrics, sequence) AS metrics,
        arg_max(queue_seconds, sequence) AS queue_seconds,
        arg_max(run_seconds, sequence) AS run_seconds,
        arg_max(total_seconds, sequence) AS total_seconds
    FROM app.events
    GROUP BY prediction_id
) AS e ON e.prediction_id = p.id
LEFT JOIN endings AS n ON n.prediction_id = p.id
LEFT JOIN charges_now AS g ON g.prediction_id = p.id
LEFT JOIN app.outputs AS o ON o.prediction_id = p.id AND o.position = 0
LEFT JOIN verdicts_now AS v ON v.prediction_id = p.id
LEFT JOIN app.cancel_requests AS q ON q.prediction_id = p.id;
