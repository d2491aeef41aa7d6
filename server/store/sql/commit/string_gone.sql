DELETE FROM string_index x USING unnest({1}::integer[], {2}::text[], {3}::text[], {4}::uuid[], {5}::uuid[]) AS g (parameter, folded, exact, source, owner), written w
WHERE x.parameter = g.parameter AND x.folded = g.folded AND x.exact = g.exact AND x.source = g.source AND w.key = g.owner
