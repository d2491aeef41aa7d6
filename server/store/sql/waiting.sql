-- How many changes have no numbers yet, and how many could not be compared with the topics
SELECT (SELECT count(*) FROM change_queue), (SELECT count(*) FROM change_dead)
