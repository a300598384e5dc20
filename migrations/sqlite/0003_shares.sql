-- Personal data is in the columns sealed_details alone, sealed with a data key of the share.
-- Lists that grow with the program (findings' codes, sub-indications) have no CHECK here: the
-- program refuses names that it does not know.
CREATE TABLE shares (
    id                  TEXT   NOT NULL PRIMARY KEY,
    mail_id             TEXT   NOT NULL,
    branch_id           TEXT   NOT NULL REFERENCES branches (id),
    service_id          TEXT,
    verdict             TEXT   NOT NULL
        CHECK (verdict IN ('malformed', 'unrecognised', 'invalid', 'undetermined', 'unsigned',
                           'incomplete', 'verified')),
    assurance           TEXT   CHECK (assurance IN ('sealed', 'person-signed')),
    received_us         BIGINT NOT NULL,
    judged_us           BIGINT NOT NULL,
    destroy_us          BIGINT NOT NULL,
    retention_reason    TEXT   NOT NULL
        CHECK (retention_reason IN ('service', 'quarantine', 'excess')),
    destroyed_us        BIGINT,
    mail_bytes          BIGINT NOT NULL,
    mail_term           TEXT   NOT NULL CHECK (mail_term IN ('share', 'short')),
    sealed_details      BLOB,
    -- Keyed fingerprint of the mail's Message-ID.
    message_fingerprint BLOB,
    FOREIGN KEY (branch_id, service_id) REFERENCES services (branch_id, id)
);
CREATE INDEX shares_by_time ON shares (received_us, id);
CREATE INDEX shares_by_branch ON shares (branch_id, received_us, id);
CREATE INDEX shares_by_message ON shares (message_fingerprint)
    WHERE message_fingerprint IS NOT NULL;
CREATE INDEX shares_by_judgement ON shares (judged_us);
CREATE INDEX shares_kept ON shares (branch_id, verdict) WHERE destroyed_us IS NULL;

CREATE TABLE documents (
    share_id        TEXT   NOT NULL REFERENCES shares (id),
    -- From 1.
    number          BIGINT NOT NULL CHECK (number > 0),
    type_code       TEXT   NOT NULL,
    excess          BIGINT NOT NULL CHECK (excess IN (0, 1)),
    term            TEXT   NOT NULL CHECK (term IN ('share', 'short')),
    size_bytes      BIGINT NOT NULL,
    indication      TEXT
        CHECK (indication IN ('TOTAL_PASSED', 'INDETERMINATE', 'TOTAL_FAILED')),
    sub_indication  TEXT,
    signature_files BIGINT NOT NULL,
    sealed_details  BLOB,
    -- Keyed fingerprint of the signed bytes.
    fingerprint     BLOB,
    PRIMARY KEY (share_id, number)
);
CREATE INDEX documents_by_fingerprint ON documents (fingerprint) WHERE fingerprint IS NOT NULL;

CREATE TABLE findings (
    share_id TEXT   NOT NULL REFERENCES shares (id),
    -- From 0, the worst first.
    position BIGINT NOT NULL,
    code     TEXT   NOT NULL,
    severity TEXT   NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    document BIGINT,
    detail   TEXT,
    PRIMARY KEY (share_id, position)
);

-- A row is here while its key exists, and no longer.
CREATE TABLE data_keys (
    share_id   TEXT   NOT NULL REFERENCES shares (id),
    term       TEXT   NOT NULL CHECK (term IN ('share', 'short')),
    -- The key, wrapped by the master key.
    wrapped    BLOB   NOT NULL,
    destroy_us BIGINT NOT NULL,
    reason     TEXT   NOT NULL CHECK (reason IN ('service', 'quarantine', 'excess')),
    PRIMARY KEY (share_id, term)
);
CREATE INDEX data_keys_by_day ON data_keys (destroy_us, share_id, term);
