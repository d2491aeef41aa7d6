-- The secret with the name $1
SELECT value FROM secret WHERE name = $1
