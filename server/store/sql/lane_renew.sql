-- Prolongs leases that are still held. $1 and $2: keys and leases. $3: for how many seconds from now.
UPDATE subscription_state s
SET due_at = now() + make_interval(secs => $3::double precision)
FROM unnest($1::uuid[], $2::uuid[]) AS held (key, lease)
WHERE s.key = held.key AND s.lease = held.lease
