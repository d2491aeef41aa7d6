-- $1 key, $2 the status that the server itself wrote into the resource
UPDATE subscription_state SET reported = $2 WHERE key = $1
