-- The business identifiers by which requests are told apart, each held by one resource: the key is of kind, requester, system
-- and value. That it is unique is what refuses the second of two requests, however close they come.
CREATE TABLE business_identifier (
    value uuid PRIMARY KEY,
    source uuid NOT NULL
);
