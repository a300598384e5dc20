-- What may still change the verdict on a share; NULL when nothing can.
ALTER TABLE shares ADD COLUMN awaits TEXT CHECK (awaits IN ('revocation', 'trust'));
-- How often judging it again was begun and not ended.
ALTER TABLE shares ADD COLUMN rejudge_attempts BIGINT NOT NULL DEFAULT 0;
UPDATE shares SET awaits = 'trust' WHERE verdict = 'undetermined' AND destroyed_us IS NULL;
CREATE INDEX shares_awaiting ON shares (received_us, id)
    WHERE awaits IS NOT NULL AND destroyed_us IS NULL;
