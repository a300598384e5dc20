-- The branch as it was when a share was judged at first, as the text of a registry that has it
-- alone, once for all shares: what a share is judged again by (NULL: it was kept before there were
-- any). A version holds no personal data and stays.
CREATE TABLE branch_versions (
    digest BLOB NOT NULL PRIMARY KEY,
    text   TEXT NOT NULL
);
ALTER TABLE shares ADD COLUMN branch_version BLOB REFERENCES branch_versions (digest);
