INSERT INTO keeper (source, parties)
SELECT n.source, n.parties::uuid[] FROM unnest({1}::uuid[], {2}::text[]) AS n (source, parties) JOIN written w ON w.key = n.source
ON CONFLICT (source) DO NOTHING
