INSERT INTO composite_index (key, source, parameter, keys)
SELECT n.key, n.source, n.parameter, n.keys::uuid[]
FROM unnest({1}::uuid[], {2}::uuid[], {3}::integer[], {4}::text[]) AS n (key, source, parameter, keys)
JOIN written w ON w.key = n.source
