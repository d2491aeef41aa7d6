-- When something has to be written to a resource because time passes: one row for each that waits for a time.
-- A row is claimed by whoever writes, for as long as that may take, so that any number of processes share the work.
CREATE TABLE timer (
    source uuid PRIMARY KEY,
    due bigint NOT NULL,                       -- microseconds since 1970 UTC
    claimed_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 80);
CREATE INDEX timer_due ON timer (due);
