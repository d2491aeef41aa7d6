-- How far a rebuilding of the index has come; no row when none is under way.
CREATE TABLE reindex (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    after uuid NOT NULL,                       -- the last resource that was done, in the order of keys
    done bigint NOT NULL,
    started timestamptz NOT NULL DEFAULT now()
);
