-- Keys that are destroyed and whose objects may still be there.
CREATE TABLE pending_destructions (
    share_id         TEXT   NOT NULL REFERENCES shares (id),
    term             TEXT   NOT NULL CHECK (term IN ('share', 'short')),
    branch_id        TEXT   NOT NULL,
    reason           TEXT   NOT NULL CHECK (reason IN ('service', 'quarantine', 'excess')),
    due_us           BIGINT NOT NULL,
    key_destroyed_us BIGINT NOT NULL,
    -- How many documents the key was for.
    documents        BIGINT NOT NULL,
    PRIMARY KEY (share_id, term)
);

-- The ledger: what was destroyed, when, on which ground. Rows are only added; no personal data.
CREATE TABLE destructions (
    share_id         TEXT   NOT NULL,
    term             TEXT   NOT NULL CHECK (term IN ('share', 'short')),
    branch_id        TEXT   NOT NULL,
    reason           TEXT   NOT NULL CHECK (reason IN ('service', 'quarantine', 'excess')),
    due_us           BIGINT NOT NULL,
    key_destroyed_us BIGINT NOT NULL,
    finished_us      BIGINT NOT NULL,
    documents        BIGINT NOT NULL,
    PRIMARY KEY (share_id, term)
);

CREATE TRIGGER destructions_keep_rows BEFORE DELETE ON destructions
BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are never deleted');
END;

CREATE TRIGGER destructions_keep_values BEFORE UPDATE ON destructions
BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are never changed');
END;

-- Every run, the ones that found nothing too. One without an end was cut off.
CREATE TABLE purge_runs (
    number      INTEGER NOT NULL PRIMARY KEY,
    started_us  BIGINT  NOT NULL,
    finished_us BIGINT,
    considered  BIGINT  NOT NULL,
    destroyed   BIGINT  NOT NULL,
    failed      BIGINT  NOT NULL,
    problem     TEXT    CHECK (problem IN ('clock-behind', 'store', 'objects'))
);
