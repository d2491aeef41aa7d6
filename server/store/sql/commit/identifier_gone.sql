DELETE FROM identifier_index x USING unnest({1}::uuid[], {2}::uuid[], {3}::integer[], {4}::text[]) AS g (value, source, parameter, text), written w
WHERE x.value = g.value AND x.source = g.source AND w.key = g.source
