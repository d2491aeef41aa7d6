-- $1 a number below which nothing is expected (it spares a walk over deleted entries), $2 how many at most
SELECT seq, key, version_id, resource_type FROM change_queue WHERE seq > $1 ORDER BY seq LIMIT $2
