SELECT after, done FROM reindex
