-- Deletes the index rows of these resources.
WITH elements AS (
    DELETE FROM composite_index WHERE source = ANY($1::uuid[]) RETURNING key
), sources AS MATERIALIZED (
    SELECT key FROM elements UNION ALL SELECT unnest($1::uuid[])
), strings AS (
    DELETE FROM string_index WHERE source IN (SELECT key FROM sources)
), dates AS (
    DELETE FROM date_index WHERE source IN (SELECT key FROM sources)
), quantities AS (
    DELETE FROM quantity_index WHERE source IN (SELECT key FROM sources)
), times AS (
    DELETE FROM timer WHERE source = ANY($1::uuid[])
), reference_rows AS (
    DELETE FROM reference_index WHERE source = ANY($1::uuid[])
)
DELETE FROM identifier_index WHERE source = ANY($1::uuid[])
