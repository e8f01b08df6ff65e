-- A verdict becomes a mark: why, how many stars, a note, a favourite. Rows from before have none of it.
ALTER TABLE app.verdicts ADD COLUMN reasons JSON DEFAULT '[]';
ALTER TABLE app.verdicts ADD COLUMN stars INTEGER;
ALTER TABLE app.verdicts ADD COLUMN note VARCHAR DEFAULT '';
ALTER TABLE app.verdicts ADD COLUMN favourite BOOLEAN DEFAULT false;
