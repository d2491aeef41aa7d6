DELETE FROM reference_index x USING unnest({1}::uuid[], {2}::integer[], {3}::uuid[]) AS g (target, parameter, source), written w
WHERE x.target = g.target AND x.parameter = g.parameter AND x.source = g.source AND w.key = g.source
