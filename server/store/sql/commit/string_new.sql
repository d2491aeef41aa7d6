INSERT INTO string_index (parameter, folded, exact, source)
SELECT n.parameter, n.folded, n.exact, n.source
FROM unnest({1}::integer[], {2}::text[], {3}::text[], {4}::uuid[], {5}::uuid[]) AS n (parameter, folded, exact, source, owner)
JOIN written w ON w.key = n.owner
