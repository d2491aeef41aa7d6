DELETE FROM quantity_index x USING unnest(
    {1}::integer[], {2}::text[], {3}::text[], {4}::uuid[], {5}::uuid[], {6}::uuid[], {7}::text[], {8}::text[], {9}::uuid[], {10}::uuid[]
) AS g (parameter, low, high, code, unit, measure, measure_low, measure_high, source, owner), written w
WHERE x.parameter = g.parameter AND x.low = g.low::numeric AND x.high = g.high::numeric AND x.code IS NOT DISTINCT FROM g.code
    AND x.unit IS NOT DISTINCT FROM g.unit AND x.measure IS NOT DISTINCT FROM g.measure AND x.source = g.source AND w.key = g.owner
