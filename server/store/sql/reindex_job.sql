-- How far a rebuilding ($1) is: how many resources there were, how many are done, whether it is over and failed, and for how long it
-- has been going on.
SELECT resources, coalesce(done, (SELECT max(done) FROM reindex), 0), ended_at IS NOT NULL, failed,
    extract(epoch FROM coalesce(ended_at, now()) - begun_at)::double precision
FROM reindex_job WHERE id = $1
