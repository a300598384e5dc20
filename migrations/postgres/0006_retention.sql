-- Keys that are destroyed and whose objects may still be there.
CREATE TABLE pending_destructions (
    share_id         TEXT COLLATE "C" NOT NULL REFERENCES shares (id),
    term             TEXT COLLATE "C" NOT NULL CHECK (term IN ('share', 'short')),
    branch_id        TEXT COLLATE "C" NOT NULL,
    reason           TEXT   NOT NULL CHECK (reason IN ('service', 'quarantine', 'excess')),
    due_us           BIGINT NOT NULL,
    key_destroyed_us BIGINT NOT NULL,
    -- How many documents the key was for.
    documents        BIGINT NOT NULL,
    PRIMARY KEY (share_id, term)
);

-- The ledger: what was destroyed, when, on which ground. Rows are only added; no personal data.
CREATE TABLE destructions (
    share_id         TEXT COLLATE "C" NOT NULL,
    term             TEXT COLLATE "C" NOT NULL CHECK (term IN ('share', 'short')),
    branch_id        TEXT COLLATE "C" NOT NULL,
    reason           TEXT   NOT NULL CHECK (reason IN ('service', 'quarantine', 'excess')),
    due_us           BIGINT NOT NULL,
    key_destroyed_us BIGINT NOT NULL,
    finished_us      BIGINT NOT NULL,
    documents        BIGINT NOT NULL,
    PRIMARY KEY (share_id, term)
);

CREATE FUNCTION destructions_keep_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of the ledger are never changed or deleted';
END;
$$;

CREATE TRIGGER destructions_keep_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON destructions
    FOR EACH STATEMENT EXECUTE FUNCTION destructions_keep_rows();

-- Every run, the ones that found nothing too. One without an end was cut off.
CREATE TABLE purge_runs (
    number      BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_us  BIGINT  NOT NULL,
    finished_us BIGINT,
    considered  BIGINT  NOT NULL,
    destroyed   BIGINT  NOT NULL,
    failed      BIGINT  NOT NULL,
    problem     TEXT    CHECK (problem IN ('clock-behind', 'store', 'objects'))
);
