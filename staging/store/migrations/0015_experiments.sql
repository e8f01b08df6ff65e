-- By which rule a prediction got its model, and what that rule stood on; NULL for what was asked for before.
ALTER TABLE app.predictions ADD COLUMN rule VARCHAR;
ALTER TABLE app.predictions ADD COLUMN rule_note VARCHAR;

-- Which unit (a room or a project) went to which arm of an experiment's phase. It follows from a hash; it is
-- written down all the same, so that the split that was meant can be compared with the one that happened.
CREATE TABLE app.assignments (
    experiment VARCHAR NOT NULL,
    phase INTEGER NOT NULL,
    unit VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    assigned_at TIMESTAMPTZ NOT NULL,
    assigned_by VARCHAR NOT NULL,
    PRIMARY KEY (experiment, phase, unit)
);
