-- What authorities said of the certificates on a share's paths, sealed with its data key: lists and
-- answers are forgotten, what they said stays true. NULL once destroyed, and for shares of before.
ALTER TABLE shares ADD COLUMN sealed_records BLOB;
