INSERT INTO timer (source, due)
SELECT n.source, n.due FROM unnest({1}::uuid[], {2}::bigint[]) AS n (source, due) JOIN written w ON w.key = n.source
ON CONFLICT (source) DO UPDATE SET due = excluded.due, claimed_until = '-infinity'
