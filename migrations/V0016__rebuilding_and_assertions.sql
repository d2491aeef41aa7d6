-- The rebuildings of what resources are found by that were asked for; the table reindex says how far the one under way has come. Any
-- process may take one that is due, and holds it by a lease.
CREATE TABLE reindex_job (
    id uuid PRIMARY KEY,                        -- random: nobody guesses its address
    resources bigint NOT NULL,                  -- how many there were when it began
    lease uuid,                                 -- who is at it now
    due_at timestamptz,                         -- when it may be taken: now, or when the lease ends; null: it is over
    attempt integer NOT NULL DEFAULT 0,
    failed boolean NOT NULL DEFAULT false,
    done bigint,                                -- how many were rebuilt, once it is over
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
-- One at a time.
CREATE UNIQUE INDEX reindex_job_due ON reindex_job ((true)) WHERE due_at IS NOT NULL;

-- The client assertions that were used, until they end: none is good twice, whichever process it is shown to.
CREATE TABLE used_assertion (
    key uuid PRIMARY KEY,                       -- of the client and its jti
    ends_at timestamptz NOT NULL
);
CREATE INDEX used_assertion_ends ON used_assertion (ends_at);

-- Identifiers and booleans can be sorted by: what is there already is indexed again, beside everything else.
DELETE FROM reindex;
INSERT INTO reindex_job (id, resources, due_at)
SELECT gen_random_uuid(), count(*), now() FROM resource WHERE NOT deleted HAVING count(*) > 0;
