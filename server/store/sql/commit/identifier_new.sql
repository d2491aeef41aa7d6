INSERT INTO identifier_index (value, source, parameter, text)
SELECT n.value, n.source, n.parameter, n.text
FROM unnest({1}::uuid[], {2}::uuid[], {3}::integer[], {4}::text[]) AS n (value, source, parameter, text)
JOIN written w ON w.key = n.source
