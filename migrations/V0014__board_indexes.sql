-- Whether a caller is of a patient's circle of care, answered from the index alone: one look, where there were three and the rows of
-- each. It is asked for every row that is not the caller's own, so it is what a board of many teams costs. An entry of an index is
-- limited in size: who has more parties than fit is in an index of their own, which is nearly empty.
CREATE INDEX resource_circle_patient ON resource (patient) INCLUDE (parties)
    WHERE NOT deleted AND resource_type IN (123, 139, 47) AND cardinality(parties) <= 64;
CREATE INDEX resource_circle_crowd ON resource (patient)
    WHERE NOT deleted AND resource_type IN (123, 139, 47) AND cardinality(parties) > 64;
-- What a team has, whatever its status, in the order of last updates.
CREATE INDEX resource_owner_seq ON resource (owner, resource_type, seq) WHERE owner IS NOT NULL;
-- What lasts longer than a day, and is not found by when it began. (An open end is the least or the greatest number.)
CREATE INDEX resource_date_long ON resource (resource_type, date_high) WHERE NOT deleted AND date_low < date_high - 86400000000;
