-- A revision of the registry is one text in the form of registry.toml, and is read as that file is;
-- the tables keep what shares, scopes and pages refer to. NULL: a revision that was followed by
-- another before this step. What each has changed stands in the audit.
ALTER TABLE registry_revisions ADD COLUMN document TEXT;
UPDATE registry_revisions SET document = '[organisation]
name = ' || json_quote(organisation) || '
' || COALESCE((
    SELECT string_agg('
[[branch]]
id = ' || json_quote(branches.id) || '
name = ' || json_quote(branches.name) || '
addresses = [' || COALESCE((
        SELECT string_agg(json_quote(address), ', ' ORDER BY branch_addresses.position)
        FROM branch_addresses WHERE branch_id = branches.id
    ), '') || ']
' || COALESCE((
        SELECT string_agg('
[[branch.service]]
id = ' || json_quote(services.id) || '
name = ' || json_quote(services.name) || '
legal_basis = ' || json_quote(legal_basis) || '
' || CASE WHEN legal_note IS NULL THEN '' ELSE 'legal_note = ' || json_quote(legal_note) || '
' END || 'documents = [' || COALESCE((
            SELECT string_agg(entry, ', ' ORDER BY position) FROM (
                SELECT position, '{ any_of = ['
                    || string_agg(json_quote(type_code), ', ' ORDER BY alternative) || '], optional = '
                    || CASE MAX(optional) WHEN 1 THEN 'true' ELSE 'false' END || ' }' AS entry
                FROM service_requirements
                WHERE branch_id = services.branch_id AND service_id = services.id
                GROUP BY position
            ) AS requirements
        ), '') || ']
retention_days = ' || retention_days || '
' || CASE WHEN qr_issued_on IS NULL THEN '' ELSE 'qr_issued_on = ' || qr_issued_on || '
' END || CASE WHEN signers_by_default = 1 THEN '' WHEN signers = 'pinned' THEN 'signers = ['
    || COALESCE((
            SELECT string_agg(json_quote(signer), ', ' ORDER BY service_signers.position)
            FROM service_signers
            WHERE branch_id = services.branch_id AND service_id = services.id
        ), '') || ']
' ELSE 'signers = ' || json_quote(signers) || '
' END || 'max_copy_age_hours = ' || max_copy_age_hours || '
accept_images = [' || CASE accepts_jpeg WHEN 1 THEN '"jpeg"' ELSE '' END
    || CASE accepts_jpeg + accepts_png WHEN 2 THEN ', ' ELSE '' END
    || CASE accepts_png WHEN 1 THEN '"png"' ELSE '' END || ']
require_fresh = ' || CASE require_fresh WHEN 1 THEN 'true' ELSE 'false' END || '
active = ' || CASE active WHEN 1 THEN 'true' ELSE 'false' END || '
', '' ORDER BY services.position)
        FROM services WHERE services.branch_id = branches.id AND services.in_force = 1
    ), ''), '' ORDER BY branches.position)
    FROM branches WHERE branches.in_force = 1
), '')
WHERE revision = (SELECT MAX(revision) FROM registry_revisions);

ALTER TABLE registry_revisions DROP COLUMN organisation;
DROP TABLE branch_addresses;
DROP TABLE service_requirements;
DROP TABLE service_signers;
ALTER TABLE branches DROP COLUMN position;
ALTER TABLE branches DROP COLUMN in_force;
ALTER TABLE services DROP COLUMN position;
ALTER TABLE services DROP COLUMN legal_basis;
ALTER TABLE services DROP COLUMN legal_note;
ALTER TABLE services DROP COLUMN retention_days;
ALTER TABLE services DROP COLUMN qr_issued_on;
ALTER TABLE services DROP COLUMN signers;
ALTER TABLE services DROP COLUMN signers_by_default;
ALTER TABLE services DROP COLUMN max_copy_age_hours;
ALTER TABLE services DROP COLUMN accepts_jpeg;
ALTER TABLE services DROP COLUMN accepts_png;
ALTER TABLE services DROP COLUMN require_fresh;
ALTER TABLE services DROP COLUMN active;
ALTER TABLE services DROP COLUMN in_force;
