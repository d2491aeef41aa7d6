-- Whether a caller is of a patient's circle of care as it is now: also by when what makes it was closed, and still from the index alone.
DROP INDEX resource_circle_patient;
CREATE INDEX resource_circle_patient ON resource (patient) INCLUDE (parties, status, last_updated)
    WHERE NOT deleted AND resource_type IN (123, 139, 47) AND cardinality(parties) <= 64;
