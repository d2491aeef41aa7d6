-- Ends a rebuilding ($1), whoever is at it.
DELETE FROM reindex_job WHERE id = $1
