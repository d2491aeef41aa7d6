DELETE FROM business_identifier x USING unnest({1}::uuid[], {2}::uuid[]) AS g (value, source), written w
WHERE x.value = g.value AND x.source = g.source AND w.key = g.source
