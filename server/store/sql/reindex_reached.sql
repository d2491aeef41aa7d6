INSERT INTO reindex (after, done) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET after = excluded.after, done = reindex.done + excluded.done
