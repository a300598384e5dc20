-- Where a copy's type is taken from; null when nothing tells the type. So far only names told it.
ALTER TABLE documents ADD COLUMN type_source TEXT
    CHECK (type_source IN ('metadata', 'staff', 'face', 'name'));
UPDATE documents SET type_source = 'name' WHERE type_code <> 'unknown';

-- The pictures that count as documents beside PDF files.
ALTER TABLE services ADD COLUMN accepts_jpeg BIGINT NOT NULL DEFAULT 0
    CHECK (accepts_jpeg IN (0, 1));
ALTER TABLE services ADD COLUMN accepts_png BIGINT NOT NULL DEFAULT 0
    CHECK (accepts_png IN (0, 1));
