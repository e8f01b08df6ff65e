-- The experiment's arm that a prediction was made for; NULL outside of experiments.
ALTER TABLE app.predictions ADD COLUMN arm VARCHAR;
