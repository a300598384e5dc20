-- A service names its signers by certificate or by organisation.
CREATE TABLE named_signers (
    branch_id  TEXT   NOT NULL,
    service_id TEXT   NOT NULL,
    position   BIGINT NOT NULL,
    -- The SHA-256 of a certificate's DER bytes, hexadecimal, or an organisation's identifier.
    signer     TEXT   NOT NULL,
    PRIMARY KEY (branch_id, service_id, position),
    FOREIGN KEY (branch_id, service_id) REFERENCES services (branch_id, id)
);
INSERT INTO named_signers (branch_id, service_id, position, signer)
    SELECT branch_id, service_id, position, encode(certificate_sha256, 'hex') FROM service_signers;
DROP TABLE service_signers;
ALTER TABLE named_signers RENAME TO service_signers;

-- The seal of an organisation that does not issue copies proves something else than the issuer's.
ALTER TABLE shares ADD COLUMN proved TEXT
    CHECK (proved IN ('sealed', 'sealed-by-other', 'person-signed'));
UPDATE shares SET proved = assurance;
ALTER TABLE shares DROP COLUMN assurance;
ALTER TABLE shares RENAME COLUMN proved TO assurance;
