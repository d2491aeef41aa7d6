-- The log of versions, one narrow current row a resource, what it is found by, and what follows from a change.

CREATE SEQUENCE version_seq;

-- Append-only, never updated: content, history, and the label under which each version may be read.
CREATE TABLE version (
    seq bigint PRIMARY KEY,
    key uuid NOT NULL,
    version_id integer NOT NULL,
    resource_type smallint NOT NULL,
    id text COLLATE "C" NOT NULL,
    operation text COLLATE "C" NOT NULL,       -- create, update or delete
    last_updated timestamptz NOT NULL,
    dictionary smallint NOT NULL,              -- 0: zstd without a dictionary
    content bytea,                             -- null for a deletion
    patient uuid,
    parties uuid[],                            -- null: directory data, readable by every caller
    confidentiality smallint NOT NULL
);
ALTER TABLE version ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX version_key ON version (key, version_id);

CREATE TABLE resource (
    key uuid PRIMARY KEY,
    resource_type smallint NOT NULL,
    version_id integer NOT NULL,
    seq bigint NOT NULL,                       -- of its current version: the order of last updates
    deleted boolean NOT NULL,
    last_updated timestamptz NOT NULL,
    status text COLLATE "C",
    owner uuid,
    patient uuid,
    focus uuid,
    date_low bigint,                           -- microseconds since 1970 UTC, [low, high)
    date_high bigint,
    keys uuid[] NOT NULL,                      -- every other token, uri and reference that is no resource of ours
    parties uuid[],
    confidentiality smallint NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX resource_type_seq ON resource (resource_type, seq) WHERE NOT deleted;
CREATE INDEX resource_owner ON resource (owner, resource_type, status, seq) WHERE owner IS NOT NULL;
CREATE INDEX resource_status ON resource (resource_type, status, seq) WHERE status IS NOT NULL;
CREATE INDEX resource_patient ON resource (patient, resource_type, seq) WHERE patient IS NOT NULL;
CREATE INDEX resource_focus ON resource (focus) WHERE focus IS NOT NULL;
CREATE INDEX resource_date ON resource (resource_type, date_low) WHERE date_low IS NOT NULL;
CREATE INDEX resource_keys ON resource USING gin (keys);

CREATE TABLE identifier_index (
    value uuid NOT NULL,
    source uuid NOT NULL,
    PRIMARY KEY (value, source)
);

CREATE TABLE reference_index (
    target uuid NOT NULL,
    parameter integer NOT NULL,
    source uuid NOT NULL,
    PRIMARY KEY (target, parameter, source)
);
CREATE INDEX reference_index_source ON reference_index (source);

CREATE TABLE string_index (
    parameter integer NOT NULL,
    folded text COLLATE "C" NOT NULL,
    exact text COLLATE "C" NOT NULL,
    source uuid NOT NULL
);
CREATE INDEX string_index_folded ON string_index (parameter, folded);
CREATE INDEX string_index_source ON string_index (source);

CREATE TABLE date_index (
    parameter integer NOT NULL,
    low bigint NOT NULL,
    high bigint NOT NULL,
    source uuid NOT NULL
);
CREATE INDEX date_index_low ON date_index (parameter, low, high);
CREATE INDEX date_index_source ON date_index (source);

-- What the sequencer has not yet taken. A row is written last in its change's transaction and deleted when it is numbered.
CREATE TABLE change_queue (
    seq bigint PRIMARY KEY,
    key uuid NOT NULL,
    version_id integer NOT NULL,
    resource_type smallint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);

-- Append-only: who did what to which version.
CREATE TABLE audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    client text NOT NULL,
    subject text NOT NULL,
    organization text,
    operation text NOT NULL,
    resource_type smallint NOT NULL,
    key uuid NOT NULL,
    version_id integer NOT NULL,
    request_id text
);

-- Secrets that all processes of one deployment share, made by the first of them.
CREATE TABLE secret (
    name text PRIMARY KEY,
    value bytea NOT NULL
);
