INSERT INTO vocabulary (parameter, text, key)
SELECT n.parameter, n.text, n.key FROM unnest({1}::integer[], {2}::text[], {3}::uuid[]) AS n (parameter, text, key)
ON CONFLICT DO NOTHING
