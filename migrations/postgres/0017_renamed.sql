-- The name that a user has now: the row of a former name stays, so that the audit is clear and
-- nobody else gets the name.
ALTER TABLE users ADD COLUMN renamed_to TEXT REFERENCES users (name);
