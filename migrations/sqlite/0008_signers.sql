-- Whether the service says nothing of signers, so that the default applies; "signers" is
-- "anchors" then. Services of before say it: what they accept stays until they are applied again.
ALTER TABLE services ADD COLUMN signers_by_default BIGINT NOT NULL DEFAULT 0
    CHECK (signers_by_default IN (0, 1));
