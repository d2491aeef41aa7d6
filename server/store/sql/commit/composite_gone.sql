DELETE FROM composite_index x USING unnest({1}::uuid[], {2}::uuid[]) AS g (key, source), written w
WHERE x.key = g.key AND w.key = g.source
