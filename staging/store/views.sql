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

CREATE OR REPLACE VIEW comparisons_now AS
SELECT
    c.id, coalesce(v.name, c.name) AS name, c.project, c.created_at, c.created_by,
    coalesce(v.note, '') AS note, coalesce(v.archived, false) AS archived
FROM app.comparisons AS c
LEFT JOIN (
    SELECT * FROM app.comparison_versions
    QUALIFY row_number() OVER (PARTITION BY comparison_id ORDER BY version DESC) = 1
) AS v ON v.comparison_id = c.id;

CREATE OR REPLACE VIEW verdicts_now AS
SELECT * EXCLUDE (sequence)
FROM app.verdicts
QUALIFY row_number() OVER (PARTITION BY prediction_id ORDER BY sequence DESC) = 1;

-- What each rater said of each showing of a pair and has not taken back. Sequences have no gap, so the last is
-- the one that nothing follows: most votes have no second, and asking so takes a tenth of sorting them.
CREATE OR REPLACE VIEW votes_now AS
SELECT v.* EXCLUDE (sequence)
FROM app.votes AS v
WHERE v.choice <> 'withdrawn' AND (rater, pair, showing, sequence + 1) NOT IN (
    SELECT rater, pair, showing, sequence FROM app.votes WHERE sequence > 0
);

-- What the scorer says of each output: the last try that has a score. Of another output, or an older scorer, it is
-- told by its columns.
CREATE OR REPLACE VIEW scores_now AS
SELECT s.*, m.deed AS automatic_mark, m.why AS automatic_why
FROM (
    SELECT * FROM app.scores WHERE state = 'scored'
    QUALIFY row_number() OVER (PARTITION BY prediction_id, position ORDER BY sequence DESC) = 1
) AS s
LEFT JOIN app.automatic_marks AS m
    ON m.prediction_id = s.prediction_id AND m.position = s.position AND m.sequence = s.sequence;

-- The one event that ended each ended prediction.
CREATE OR REPLACE VIEW endings AS
SELECT prediction_id, state, happened_at AS ended_at, error, error_kind, run_seconds
FROM app.events
WHERE state IN ('succeeded', 'failed', 'canceled', 'unknown');

-- The last word of the bill, or of a person, on what a prediction came to.
CREATE OR REPLACE VIEW settlements_now AS
SELECT prediction_id, usd AS settled_usd, source, note, settled_at, settled_by
FROM app.settlements
QUALIFY row_number() OVER (PARTITION BY prediction_id ORDER BY sequence DESC) = 1;

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
    p.style, p.prompt, p.prompt_version, p.arm, p.rule, p.rule_note, p.parameters, p.seed, e.input,
    e.state, e.state_at, e.submitted_at, e.running_at, n.ended_at,
    q.requested_at AS cancel_requested_at, q.requested_by AS cancel_requested_by,
    e.queue_seconds, e.run_seconds, e.total_seconds, e.metrics,
    p.price, p.estimate_usd, x.usd AS reserved_usd,
    g.charge_usd, g.charge_basis, g.charge_inputs, g.charged_at,
    s.settled_usd, s.source AS settled_source, s.settled_at, s.settled_by,
    coalesce(s.settled_usd, g.charge_usd) AS cost_usd,
    e.error, e.error_kind,
    o.digest AS output_digest, o.media_type AS output_media_type, o.size_bytes AS output_size_bytes,
    o.width AS output_width, o.height AS output_height,
    coalesce(v.verdict, 'undecided') AS verdict, v.reasons, v.stars, v.note, coalesce(v.favourite, false) AS favourite,
    v.given_at AS verdict_at, v.given_by AS verdict_by
FROM app.predictions AS p
JOIN comparisons_now AS c ON c.id = p.comparison_id
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
LEFT JOIN settlements_now AS s ON s.prediction_id = p.id
LEFT JOIN app.reservations AS x ON x.prediction_id = p.id
LEFT JOIN app.outputs AS o ON o.prediction_id = p.id AND o.position = 0
LEFT JOIN verdicts_now AS v ON v.prediction_id = p.id
LEFT JOIN app.cancel_requests AS q ON q.prediction_id = p.id;

-- What must not be, a sentence each; `python -m staging verify` prints them.
CREATE OR REPLACE VIEW contradictions AS
SELECT 'Prediction ' || prediction_id || ' has a gap among its events.' AS sentence
FROM app.events
GROUP BY prediction_id
HAVING min(sequence) <> 0 OR max(sequence) <> count(*) - 1 OR arg_min(state, sequence) <> 'queued'
UNION ALL
SELECT 'Prediction ' || prediction_id || ' has events after its end.'
FROM endings
JOIN (SELECT prediction_id, arg_max(state, sequence) AS last_state
      FROM app.events GROUP BY prediction_id) AS last USING (prediction_id)
WHERE last_state NOT IN ('succeeded', 'failed', 'canceled', 'unknown')
UNION ALL
SELECT 'Prediction ' || prediction_id || ' has ended more than once.'
FROM endings
GROUP BY prediction_id
HAVING count(*) > 1
UNION ALL
SELECT 'Prediction ' || id || ' has no events.'
FROM app.predictions
ANTI JOIN app.events ON prediction_id = id
UNION ALL
SELECT DISTINCT 'Prediction ' || prediction_id || ' has events, but was never asked for.'
FROM app.events
ANTI JOIN app.predictions ON id = prediction_id
UNION ALL
SELECT 'Prediction ' || p.id || ' is of a comparison that is gone.'
FROM app.predictions AS p
ANTI JOIN app.comparisons AS c ON c.id = p.comparison_id
UNION ALL
SELECT 'Prediction ' || p.id || ' is of a room that is gone.'
FROM app.predictions AS p
ANTI JOIN app.rooms AS r ON r.digest = p.room
UNION ALL
SELECT 'Prediction ' || prediction_id || ' succeeded, but has no output.'
FROM (FROM endings WHERE state = 'succeeded')
ANTI JOIN app.outputs USING (prediction_id)
-- A judge makes no picture: what it said is in its last event.
ANTI JOIN (SELECT id AS prediction_id FROM app.predictions WHERE rule = 'judge') USING (prediction_id)
UNION ALL
SELECT DISTINCT 'Prediction ' || prediction_id || ' has an output, but never succeeded.'
FROM app.outputs
ANTI JOIN (FROM endings WHERE state = 'succeeded') USING (prediction_id)
UNION ALL
SELECT 'Prediction ' || a.prediction_id || ' owns ' || a.provider_id || ', which none of its events names.'
FROM app.adoptions AS a
ANTI JOIN app.events AS e ON e.prediction_id = a.prediction_id AND e.provider_id = a.provider_id
UNION ALL
SELECT DISTINCT 'Prediction ' || e.prediction_id || ' names ' || e.provider_id || ', which it does not own.'
FROM app.events AS e
ANTI JOIN app.adoptions AS a ON a.prediction_id = e.prediction_id AND a.provider_id = e.provider_id
WHERE e.provider_id IS NOT NULL
UNION ALL
SELECT 'Room ' || digest || ' has no details.'
FROM app.rooms
ANTI JOIN app.room_versions ON room = digest
UNION ALL
SELECT 'Room ' || room || ' has a gap among the versions of its details.'
FROM app.room_versions
GROUP BY room
HAVING max(version) <> count(*) - 1
UNION ALL
SELECT 'Prediction ' || prediction_id || ' has a gap among its verdicts.'
FROM app.verdicts
GROUP BY prediction_id
HAVING max(sequence) <> count(*) - 1
UNION ALL
SELECT 'Prediction ' || prediction_id || ' has a gap among its settlements.'
FROM app.settlements
GROUP BY prediction_id
HAVING max(sequence) <> count(*) - 1
UNION ALL
SELECT DISTINCT 'Prediction ' || prediction_id || ' is settled, but was never asked for.'
FROM app.settlements
ANTI JOIN app.predictions ON id = prediction_id
UNION ALL
SELECT 'Prediction ' || prediction_id || ' is kept among those that have not ended, and is none of them.'
FROM app.open_predictions
ANTI JOIN (FROM app.predictions ANTI JOIN endings ON prediction_id = id) ON id = prediction_id
UNION ALL
SELECT 'Prediction ' || id || ' has not ended, and is not kept among those.'
FROM (FROM app.predictions ANTI JOIN endings ON prediction_id = id)
ANTI JOIN app.open_predictions ON prediction_id = id
UNION ALL
SELECT 'Prediction ' || prediction_id || ' has not ended, and its reservation is kept as another one.'
FROM app.open_predictions AS o
LEFT JOIN app.reservations AS r USING (prediction_id)
WHERE o.reserved_usd IS DISTINCT FROM r.usd
UNION ALL
SELECT 'Prediction ' || prediction_id || ' has a reservation, but was never asked for.'
FROM app.reservations
ANTI JOIN app.predictions ON id = prediction_id
UNION ALL
SELECT 'Comparison ' || comparison_id || ' has a gap among the versions of its details.'
FROM app.comparison_versions
GROUP BY comparison_id
HAVING max(version) <> count(*) - 1
UNION ALL
SELECT 'The ' || kind || ' ' || name || ' has a gap among its versions.'
FROM app.documents
GROUP BY kind, name
HAVING max(version) <> count(*) - 1
UNION ALL
SELECT 'Ballot ' || ballot || ' has a gap among its votes.'
FROM app.votes
GROUP BY ballot, rater, pair, showing
HAVING max(sequence) <> count(*) - 1
UNION ALL
SELECT DISTINCT 'Ballot ' || v.ballot || ' has a vote, but was never shown to that rater.'
FROM app.votes AS v
ANTI JOIN app.ballots AS b ON b.rater = v.rater AND b.pair = v.pair AND b.showing = v.showing AND b.id = v.ballot
UNION ALL
SELECT DISTINCT 'Ballot ' || v.ballot || ' has a vote that says otherwise what was shown.'
FROM app.votes AS v
JOIN app.ballots AS b ON b.rater = v.rater AND b.pair = v.pair AND b.showing = v.showing
WHERE (v.kind, v.unit, v.room_type, v.style, v.project, v.left_model, v.right_model, v.left_arm, v.right_arm)
    IS DISTINCT FROM
    (b.kind, b.unit, b.room_type, b.style, b.project, b.left_model, b.right_model, b.left_arm, b.right_arm)
UNION ALL
SELECT DISTINCT 'Ballot ' || id || ' shows prediction ' || shown || ', which has no output.'
FROM (SELECT id, unnest(from_json(left_predictions, '["VARCHAR"]') || from_json(right_predictions, '["VARCHAR"]')) AS shown
      FROM app.ballots)
ANTI JOIN app.outputs ON prediction_id = shown
UNION ALL
SELECT 'Ballot ' || id || ' does not show the pair that it is kept under.'
FROM (SELECT id, pair, left_predictions::VARCHAR AS l, right_predictions::VARCHAR AS r FROM app.ballots)
WHERE pair <> sha256(least(l, r) || greatest(l, r))[:32]
UNION ALL
SELECT 'Prediction ' || prediction_id || ' has a gap among the tries to score its output ' || position || '.'
FROM app.scores
GROUP BY prediction_id, position
HAVING max(sequence) <> count(*) - 1
UNION ALL
SELECT DISTINCT 'Prediction ' || s.prediction_id || ' has a score, but no output ' || s.position || '.'
FROM app.scores AS s
ANTI JOIN app.outputs AS o ON o.prediction_id = s.prediction_id AND o.position = s.position
UNION ALL
SELECT 'Prediction ' || prediction_id || ' has a score that cannot be: ' || coalesce(overall::VARCHAR, 'none') || '.'
FROM app.scores
WHERE (state = 'scored') IS DISTINCT FROM (
    coalesce(overall BETWEEN 0 AND 100 AND confidence BETWEEN 0 AND 1 AND structure_changed IS NOT NULL, false)
)
UNION ALL
SELECT 'Prediction ' || prediction_id || ' was not scored, and nothing says why.'
FROM app.scores
WHERE state <> 'scored' AND reason = ''
UNION ALL
SELECT 'Prediction ' || m.prediction_id || ' has an automatic mark that no score is behind.'
FROM app.automatic_marks AS m
ANTI JOIN (FROM app.scores WHERE state = 'scored') AS s
    ON s.prediction_id = m.prediction_id AND s.position = m.position AND s.sequence = m.sequence
UNION ALL
SELECT 'Prediction ' || m.prediction_id || ' was rejected automatically, and the audit log does not say so.'
FROM (FROM app.automatic_marks WHERE deed = 'rejected') AS m
ANTI JOIN (FROM app.audit WHERE act = 'reject automatically') AS a ON a.subject = m.prediction_id;
