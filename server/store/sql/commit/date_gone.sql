DELETE FROM date_index x USING unnest({1}::integer[], {2}::bigint[], {3}::bigint[], {4}::uuid[], {5}::uuid[]) AS g (parameter, low, high, source, owner), written w
WHERE x.parameter = g.parameter AND x.low = g.low AND x.high = g.high AND x.source = g.source AND w.key = g.owner
