-- Who did what, when. Rows are only added. References nothing: it outlives what it speaks of.
CREATE TABLE audit (
    number     INTEGER NOT NULL PRIMARY KEY,
    at_us      BIGINT  NOT NULL,
    actor_kind TEXT    NOT NULL CHECK (actor_kind IN ('system', 'command-line', 'user', 'token')),
    -- The user's or the token's name.
    actor_name TEXT,
    action     TEXT    NOT NULL,
    share_id   TEXT,
    branch_id  TEXT,
    document   BIGINT,
    detail     TEXT
);
CREATE INDEX audit_by_share ON audit (share_id, number) WHERE share_id IS NOT NULL;

CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'rows of the audit are never deleted');
END;

CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'rows of the audit are never changed');
END;
