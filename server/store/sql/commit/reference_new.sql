INSERT INTO reference_index (target, parameter, source)
SELECT n.target, n.parameter, n.source
FROM unnest({1}::uuid[], {2}::integer[], {3}::uuid[]) AS n (target, parameter, source) JOIN written w ON w.key = n.source
