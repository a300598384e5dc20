-- What a share's judgement rests on besides the mail, to find the share when that changes: a digest
-- of the trust it was judged by (NULL: unknown, judge it again), and keyed fingerprints of the
-- certificates on its paths and of their authorities.
ALTER TABLE shares ADD COLUMN judged_by BLOB;
CREATE TABLE grounds (
    share_id    TEXT NOT NULL REFERENCES shares (id),
    fingerprint BLOB NOT NULL,
    PRIMARY KEY (share_id, fingerprint)
);
CREATE INDEX grounds_by_fingerprint ON grounds (fingerprint, share_id);
-- When it is judged again though nothing has changed; NULL when not.
ALTER TABLE shares ADD COLUMN look_us BIGINT;
CREATE INDEX shares_to_look_at ON shares (look_us)
    WHERE look_us IS NOT NULL AND destroyed_us IS NULL;
-- The verdict before the last change of it, and when that was; NULL when it never changed.
ALTER TABLE shares ADD COLUMN verdict_before TEXT
    CHECK (verdict_before IN ('malformed', 'unrecognised', 'invalid', 'undetermined', 'unsigned',
                              'incomplete', 'verified'));
ALTER TABLE shares ADD COLUMN verdict_changed_us BIGINT;
