INSERT INTO quantity_index (parameter, low, high, code, unit, measure, measure_low, measure_high, source)
SELECT
    n.parameter, n.low::numeric, n.high::numeric, n.code, n.unit, n.measure, n.measure_low::numeric, n.measure_high::numeric,
    n.source
FROM unnest(
    {1}::integer[], {2}::text[], {3}::text[], {4}::uuid[], {5}::uuid[], {6}::uuid[], {7}::text[], {8}::text[], {9}::uuid[], {10}::uuid[]
) AS n (parameter, low, high, code, unit, measure, measure_low, measure_high, source, owner)
JOIN written w ON w.key = n.owner
