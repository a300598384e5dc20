-- One row, written now and then to see whether writing works.
CREATE TABLE write_probes (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL
);
