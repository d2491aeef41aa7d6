DELETE FROM reindex
