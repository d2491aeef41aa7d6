-- An identifier is one row, which is also what it is sorted by: it was two rows here and one among the texts.
ALTER TABLE identifier_index ADD COLUMN parameter integer, ADD COLUMN text text COLLATE "C";
CREATE INDEX identifier_index_source ON identifier_index (source);

-- What was done is read by its time. Nobody looks for one row by its number, of which every write paid the entry.
ALTER TABLE audit DROP CONSTRAINT audit_pkey;
CREATE INDEX audit_at ON audit USING brin (at);

-- What nobody looks for any more is taken out beside everything else. Until that is done, rows of before answer as well as new ones; only
-- the order of identifiers knows them when they are done.
DELETE FROM reindex;
INSERT INTO reindex_job (id, resources, due_at)
SELECT gen_random_uuid(), count(*), now() FROM resource WHERE NOT deleted HAVING count(*) > 0
ON CONFLICT DO NOTHING;
