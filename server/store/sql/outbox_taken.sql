-- Takes changes out of the queue that nobody is told of.
DELETE FROM change_queue WHERE seq = ANY($1::bigint[])
