-- $1 job, $2 its owner. Whoever is at it finds its lease gone.
DELETE FROM export_job WHERE id = $1 AND owner = $2 AND expires_at > now()
