INSERT INTO date_index (parameter, low, high, source)
SELECT n.parameter, n.low, n.high, n.source
FROM unnest({1}::integer[], {2}::bigint[], {3}::bigint[], {4}::uuid[], {5}::uuid[]) AS n (parameter, low, high, source, owner)
JOIN written w ON w.key = n.owner
