-- Nothing was to be written for this resource at this time.
DELETE FROM timer WHERE source = $1 AND due = $2
