-- Whom a request is sent to is found as whom a Task is for: by the column of the owner, whose indexes are in the order of last updates. (The
-- number is that of ServiceRequest's search parameter performer.) Of several, the column has the first, and the others stay where they are:
-- which one is the first only the resource says, so that where there are several everything is indexed again.
WITH single AS (
    SELECT source, min(target::text)::uuid AS target FROM reference_index WHERE parameter = 1362367077
    GROUP BY source HAVING count(*) = 1
), moved AS (
    UPDATE resource r SET owner = s.target FROM single s WHERE r.key = s.source AND NOT r.deleted RETURNING r.key
)
DELETE FROM reference_index x USING moved m WHERE x.source = m.key AND x.parameter = 1362367077;
WITH begun_anew AS (
    DELETE FROM reindex WHERE EXISTS (SELECT FROM reference_index WHERE parameter = 1362367077)
)
INSERT INTO reindex_job (id, resources, due_at)
SELECT gen_random_uuid(), count(*), now() FROM resource
WHERE NOT deleted AND EXISTS (SELECT FROM reference_index WHERE parameter = 1362367077) HAVING count(*) > 0
ON CONFLICT DO NOTHING;

-- What a board looks at first is what was written last, and an index alone answers who may see it only where a page is known to be visible
-- to all: that is made known of each fiftieth of the table that is new, not of each fifth. Nothing is read twice for it.
ALTER TABLE resource SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);

-- Whoever fills the list of what is not yet in one of these indexes puts all of it there, while those who write together with it wait. A short
-- list is emptied more often and in a sixteenth of the time.
ALTER INDEX resource_keys SET (gin_pending_list_limit = 256);
ALTER INDEX resource_circle SET (gin_pending_list_limit = 256);
ALTER INDEX composite_index_keys SET (gin_pending_list_limit = 256);
