INSERT INTO business_identifier (value, source)
SELECT n.value, n.source FROM unnest({1}::uuid[], {2}::uuid[]) AS n (value, source) JOIN written w ON w.key = n.source
