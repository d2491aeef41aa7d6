-- Who put an entry of the directory there: such an entry is read by every caller, so that its parties do not say who may change it.
-- An entry of before has no row: it is kept by the organisation that it belongs to.
CREATE TABLE keeper (
    source uuid PRIMARY KEY,
    parties uuid[] NOT NULL
);
