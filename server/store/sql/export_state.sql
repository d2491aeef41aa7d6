-- $1 job, $2 its owner
SELECT status, asked, found, extract(epoch FROM now() - begun_at)::double precision, transaction_time, error, expires_at
FROM export_job
WHERE id = $1 AND owner = $2 AND expires_at > now()
