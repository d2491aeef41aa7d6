-- What was to be written for this resource at this time could not be: it is tried again later, and does not hold up the others.
UPDATE timer SET claimed_until = now() + interval '10 minutes' WHERE source = $1 AND due = $2
