-- Who is to be told of which changes, how far each has been told, and the numbers of what they are told.

-- One row: whoever holds its lock numbers events. `epoch` grows whenever a subscription begins, changes or ends.
CREATE TABLE sequencer (
    id smallint PRIMARY KEY CHECK (id = 1),
    epoch bigint NOT NULL
);
INSERT INTO sequencer (id, epoch) VALUES (1, 0);

-- Changes that could not be compared with the topics. They are kept, with the reason, so that they do not stop the line.
CREATE TABLE change_dead (
    seq bigint PRIMARY KEY,
    key uuid NOT NULL,
    version_id integer NOT NULL,
    resource_type smallint NOT NULL,
    error text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

-- One row a subscription, also after it was deleted: numbers are never given twice. `acked_no` < `last_no` is the backlog.
CREATE TABLE subscription_state (
    key uuid PRIMARY KEY,                       -- of the Subscription
    id text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,                      -- of its last beginning, change or end
    definition_seq bigint NOT NULL,             -- the version in which its client last said what it wants
    definition_version integer NOT NULL,
    listening boolean NOT NULL,                 -- whether changes are matched with it
    deleted boolean NOT NULL,
    parties uuid[] NOT NULL,                    -- who it belongs to: what they may not see, it is not told
    status text COLLATE "C" NOT NULL,           -- the truth: requested, active, error or off
    reported text COLLATE "C" NOT NULL,         -- what the newest version of the resource says
    report_at timestamptz NOT NULL DEFAULT now(),
    handshaken boolean NOT NULL,
    last_no bigint NOT NULL DEFAULT 0,
    acked_no bigint NOT NULL DEFAULT 0,
    batch_to bigint,                            -- fixed at the first attempt, so that a retry repeats the same numbers
    due_at timestamptz,                         -- of the next attempt, or of the end of the lease; null: nothing to do
    lease uuid,                                 -- who is sending now; every answer is fenced by it
    attempt integer NOT NULL DEFAULT 0,         -- failures in a row
    first_fail_at timestamptz,
    slow boolean NOT NULL DEFAULT false,        -- the last attempt timed out
    last_sent_at timestamptz,
    error_code text,
    error_text text,
    host text COLLATE "C" NOT NULL,
    heartbeat_s integer,
    timeout_s integer NOT NULL,
    max_count integer NOT NULL,
    ends_at timestamptz,
    secret bytea NOT NULL,
    previous_secret bytea,                      -- still valid until then
    previous_until timestamptz,
    CHECK (acked_no <= last_no)
) WITH (fillfactor = 70);
CREATE INDEX subscription_state_due ON subscription_state (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX subscription_state_epoch ON subscription_state (epoch);
CREATE INDEX subscription_state_ends ON subscription_state (ends_at) WHERE ends_at IS NOT NULL AND status <> 'off';
CREATE INDEX subscription_state_report ON subscription_state (report_at) WHERE status <> reported AND NOT deleted;

-- The events of each subscription, numbered without gaps. The content stays in `version`.
-- One plain table: old rows are deleted in portions. Should that ever cost too much, it is partitioned by `at`.
CREATE TABLE subscription_event (
    subscription uuid NOT NULL,
    number bigint NOT NULL,
    seq bigint NOT NULL,                        -- of the version that the event is about
    at timestamptz NOT NULL,                    -- when it was numbered
    PRIMARY KEY (subscription, number)
);
CREATE INDEX subscription_event_at ON subscription_event USING brin (at);
