-- What is in the registry now is in force; what is not stays, so that old shares can be named.
CREATE TABLE registry_revisions (
    revision     BIGINT NOT NULL PRIMARY KEY,
    organisation TEXT   NOT NULL,
    applied_us   BIGINT NOT NULL
);

CREATE TABLE branches (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    in_force BIGINT NOT NULL CHECK (in_force IN (0, 1))
);

CREATE TABLE branch_addresses (
    branch_id TEXT COLLATE "C" NOT NULL REFERENCES branches (id),
    position  BIGINT NOT NULL,
    address   TEXT   NOT NULL,
    PRIMARY KEY (branch_id, position)
);

CREATE TABLE services (
    branch_id          TEXT COLLATE "C" NOT NULL REFERENCES branches (id),
    id                 TEXT COLLATE "C" NOT NULL,
    position           BIGINT NOT NULL,
    name               TEXT COLLATE "C" NOT NULL,
    legal_basis        TEXT   NOT NULL
        CHECK (legal_basis IN ('consent', 'law', 'contract', 'vital', 'duty', 'interest')),
    legal_note         TEXT,
    retention_days     BIGINT NOT NULL CHECK (retention_days > 0),
    -- A calendar day, 2026-09-01.
    qr_issued_on       TEXT,
    signers            TEXT   NOT NULL
        CHECK (signers IN ('anchors', 'seal', 'person', 'seal-or-person', 'pinned')),
    max_copy_age_hours BIGINT NOT NULL CHECK (max_copy_age_hours > 0),
    require_fresh      BIGINT NOT NULL CHECK (require_fresh IN (0, 1)),
    -- Whether it is offered now.
    active             BIGINT NOT NULL CHECK (active IN (0, 1)),
    in_force           BIGINT NOT NULL CHECK (in_force IN (0, 1)),
    PRIMARY KEY (branch_id, id)
);

-- One row for each type code that meets a requirement.
CREATE TABLE service_requirements (
    branch_id   TEXT COLLATE "C" NOT NULL,
    service_id  TEXT COLLATE "C" NOT NULL,
    position    BIGINT NOT NULL,
    alternative BIGINT NOT NULL,
    type_code   TEXT COLLATE "C" NOT NULL,
    optional    BIGINT NOT NULL CHECK (optional IN (0, 1)),
    PRIMARY KEY (branch_id, service_id, position, alternative),
    FOREIGN KEY (branch_id, service_id) REFERENCES services (branch_id, id)
);

-- The signers of a service whose signers are pinned.
CREATE TABLE service_signers (
    branch_id          TEXT COLLATE "C" NOT NULL,
    service_id         TEXT COLLATE "C" NOT NULL,
    position           BIGINT NOT NULL,
    -- SHA-256 of the certificate's DER bytes.
    certificate_sha256 BYTEA  NOT NULL,
    PRIMARY KEY (branch_id, service_id, position),
    FOREIGN KEY (branch_id, service_id) REFERENCES services (branch_id, id)
);
