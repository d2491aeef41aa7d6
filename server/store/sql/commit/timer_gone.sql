DELETE FROM timer x USING unnest({1}::uuid[], {2}::bigint[]) AS g (source, due), written w
WHERE x.source = g.source AND w.key = g.source
