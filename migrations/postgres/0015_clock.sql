-- The greatest time that was accepted: nothing is destroyed by a clock that does not go on from it.
CREATE TABLE clock_seen (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    greatest_us BIGINT NOT NULL
);
INSERT INTO clock_seen (id, greatest_us)
    SELECT 1, latest FROM (
        SELECT MAX(seen) AS latest FROM (
            SELECT MAX(judged_us) AS seen FROM shares
            UNION ALL
            SELECT MAX(started_us) AS seen FROM purge_runs
        ) AS times
    ) AS greatest
    WHERE latest IS NOT NULL;

-- Shares that were received or judged by a clock that was not accepted. None of them is destroyed;
-- their terms begin when a time is accepted, and then the row goes.
CREATE TABLE doubted_receipts (
    share_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES shares (id)
);

-- From when on the share's terms count, where that is not the moment of receipt.
ALTER TABLE shares ADD COLUMN counted_from_us BIGINT;

ALTER TABLE purge_runs DROP CONSTRAINT purge_runs_problem_check;
ALTER TABLE purge_runs ADD CONSTRAINT purge_runs_problem_check
    CHECK (problem IN ('clock-ahead', 'clock-behind', 'store', 'objects'));
