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
    share_id TEXT NOT NULL PRIMARY KEY REFERENCES shares (id)
);

-- From when on the share's terms count, where that is not the moment of receipt.
ALTER TABLE shares ADD COLUMN counted_from_us BIGINT;

-- SQLite changes no constraint of a table that stands.
CREATE TABLE purge_runs_with_clock (
    number      INTEGER NOT NULL PRIMARY KEY,
    started_us  BIGINT  NOT NULL,
    finished_us BIGINT,
    considered  BIGINT  NOT NULL,
    destroyed   BIGINT  NOT NULL,
    failed      BIGINT  NOT NULL,
    problem     TEXT    CHECK (problem IN ('clock-ahead', 'clock-behind', 'store', 'objects')),
    forgotten   BIGINT  NOT NULL DEFAULT 0
);
INSERT INTO purge_runs_with_clock (number, started_us, finished_us, considered, destroyed, failed,
                                   problem, forgotten)
    SELECT number, started_us, finished_us, considered, destroyed, failed, problem, forgotten
    FROM purge_runs;
DROP TABLE purge_runs;
ALTER TABLE purge_runs_with_clock RENAME TO purge_runs;
