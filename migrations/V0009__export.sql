-- Exports of many resources: who asked for what, how far each has come, and which versions are in its files.

-- Any process may take an export that is due, and holds it by a lease.
CREATE TABLE export_job (
    id uuid PRIMARY KEY,                        -- random: nobody guesses its address
    owner uuid NOT NULL,                        -- who may see it: a client, and those for whom it acts
    asked text NOT NULL,                        -- what was asked for, as JSON
    everything boolean NOT NULL,                -- what its owner may read: everything, or what these are parties to
    parties uuid[] NOT NULL,
    status text COLLATE "C" NOT NULL,           -- accepted, in-progress, complete or failed
    found bigint NOT NULL DEFAULT 0,            -- how many resources so far
    attempt integer NOT NULL DEFAULT 0,
    lease uuid,                                 -- who is at it now; everything it writes is fenced by it
    due_at timestamptz,                         -- when it may be taken: now, or when the lease ends; null: it is over
    begun_at timestamptz NOT NULL DEFAULT now(),
    transaction_time timestamptz,               -- what was committed until then is in it
    error text,
    expires_at timestamptz NOT NULL
);
CREATE INDEX export_job_due ON export_job (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX export_job_owner ON export_job (owner);
CREATE INDEX export_job_expires ON export_job (expires_at);

-- The files, in parts: the numbers of versions. The versions themselves are never changed, so that nothing is copied.
CREATE TABLE export_part (
    job uuid NOT NULL REFERENCES export_job ON DELETE CASCADE,
    number integer NOT NULL,
    resource_type smallint NOT NULL,
    deleted boolean NOT NULL,                   -- whether they are deletions
    file integer NOT NULL,                      -- the number of the file among those of its type
    seqs bigint[] NOT NULL,
    PRIMARY KEY (job, number)
);

-- An export is of no single version, and that of the whole system of no type.
ALTER TABLE audit ALTER COLUMN resource_type DROP NOT NULL;
ALTER TABLE audit ALTER COLUMN version_id DROP NOT NULL;
