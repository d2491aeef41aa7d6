-- $1 keys of entries of the directory
SELECT source, parties FROM keeper WHERE source = ANY($1::uuid[])
