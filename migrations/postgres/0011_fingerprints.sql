-- Which branch of those that a mail came to: the place of its first recipient, from 0. Shares are
-- in the order of receipt by (received_us, mail_id, mail_place).
ALTER TABLE shares ADD COLUMN mail_place BIGINT NOT NULL DEFAULT 0;

-- What a copy is known by when it comes again: keyed fingerprints of its content and of what each
-- signature that passed covers. They go with the copy.
CREATE TABLE fingerprints (
    share_id    TEXT COLLATE "C" NOT NULL,
    number      BIGINT NOT NULL,
    fingerprint BYTEA  NOT NULL,
    -- The order of receipt, as in shares.
    received_us BIGINT NOT NULL,
    mail_id     TEXT COLLATE "C" NOT NULL,
    mail_place  BIGINT NOT NULL,
    PRIMARY KEY (share_id, number, fingerprint),
    FOREIGN KEY (share_id, number) REFERENCES documents (share_id, number)
);
CREATE INDEX fingerprints_in_order ON fingerprints (fingerprint, received_us, mail_id, mail_place);

-- Fingerprints that outlive their copies, until a copy of then is too old to be of use. They name
-- no share and no branch, and days (UTC) in the place of moments.
CREATE TABLE known_copies (
    fingerprint BYTEA  NOT NULL PRIMARY KEY,
    -- The day of the first receipt.
    first_us    BIGINT NOT NULL,
    -- From when on it goes, once no copy that is kept has it.
    forget_us   BIGINT NOT NULL
);
CREATE INDEX known_copies_by_day ON known_copies (forget_us);

-- Copies that came before. The finding "duplicate" is made of these rows.
CREATE TABLE duplicates (
    share_id TEXT COLLATE "C" NOT NULL,
    number   BIGINT NOT NULL,
    -- The earliest share with the same copy; NULL when it is destroyed.
    first_id TEXT COLLATE "C" REFERENCES shares (id),
    PRIMARY KEY (share_id, number),
    FOREIGN KEY (share_id, number) REFERENCES documents (share_id, number)
);
CREATE INDEX duplicates_by_first ON duplicates (first_id) WHERE first_id IS NOT NULL;

INSERT INTO fingerprints (share_id, number, fingerprint, received_us, mail_id, mail_place)
SELECT share_id, number, fingerprint, received_us, mail_id, 0
FROM documents JOIN shares ON shares.id = documents.share_id
WHERE fingerprint IS NOT NULL;

INSERT INTO known_copies (fingerprint, first_us, forget_us)
SELECT fingerprint,
       MIN(received_us - received_us % 86400000000),
       MAX(stale_us - stale_us % 86400000000 + 86400000000)
FROM (SELECT fingerprints.fingerprint, shares.received_us,
             shares.received_us + 3600000000 * COALESCE(
                 (SELECT max_copy_age_hours FROM services
                  WHERE services.branch_id = shares.branch_id
                    AND services.id = shares.service_id),
                 (SELECT MAX(max_copy_age_hours) FROM services
                  WHERE services.branch_id = shares.branch_id),
                 72) AS stale_us
      FROM fingerprints JOIN shares ON shares.id = fingerprints.share_id) AS came
GROUP BY fingerprint;

INSERT INTO duplicates (share_id, number, first_id)
SELECT findings.share_id, findings.document, firsts.id
FROM findings JOIN documents ON documents.share_id = findings.share_id
                            AND documents.number = findings.document
              JOIN shares ON shares.id = findings.share_id AND shares.destroyed_us IS NULL
              LEFT JOIN shares AS firsts ON firsts.id = findings.detail
                                        AND firsts.destroyed_us IS NULL
WHERE findings.code = 'duplicate';
DELETE FROM findings WHERE code = 'duplicate';

DROP INDEX documents_by_fingerprint;
ALTER TABLE documents DROP COLUMN fingerprint;

-- How many fingerprints of copies that are gone a run forgot.
ALTER TABLE purge_runs ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0;
