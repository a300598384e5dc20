-- One row: what this database belongs to.
CREATE TABLE installation (
    id           BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The check value of the master key: proves which key without telling it.
    master_check TEXT   NOT NULL
);
