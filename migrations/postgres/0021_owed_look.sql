-- Whether all kept shares are to be looked at again, for what authorities said may be lost: the time moved
-- on by more than a restart takes, as it does after a restore, or the cache was empty. Of what happened
-- before this step nobody knows: it is owed once.
ALTER TABLE clock_seen ADD COLUMN owes_look BIGINT NOT NULL DEFAULT 1;
