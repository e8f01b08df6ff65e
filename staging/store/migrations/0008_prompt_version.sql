-- Which version of the prompt book a prompt was made from; NULL before there were versions.
ALTER TABLE app.predictions ADD COLUMN prompt_version VARCHAR;
