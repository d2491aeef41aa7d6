-- When what makes a circle of care was closed, which a later version does not put off: who was cared for by somebody once could have been read on
-- by them for ever, with a tag on a closed Task every four weeks.
ALTER TABLE resource ADD COLUMN closed_at timestamptz;     -- since when its status says that it is over; null: it is not
UPDATE resource SET closed_at = last_updated
    WHERE status IN ('cancelled', 'completed', 'entered-in-error', 'failed', 'finished', 'rejected', 'revoked');
DROP INDEX resource_circle_patient;
CREATE INDEX resource_circle_patient ON resource (patient) INCLUDE (parties, closed_at)
    WHERE NOT deleted AND resource_type IN (123, 139, 47) AND cardinality(parties) <= 64;
