-- What numbers and quantities are found by.

CREATE TABLE quantity_index (
    parameter integer NOT NULL,
    low numeric NOT NULL,                      -- as they are written, [low, high]; an open end is infinite
    high numeric NOT NULL,
    code uuid,                                 -- of the unit's code and of its text
    unit uuid,
    measure uuid,                              -- what is measured, and the same numbers in its base units
    measure_low numeric,
    measure_high numeric,
    source uuid NOT NULL
);
CREATE INDEX quantity_index_low ON quantity_index (parameter, low, high);
CREATE INDEX quantity_index_measure ON quantity_index (parameter, measure, measure_low, measure_high) WHERE measure IS NOT NULL;
CREATE INDEX quantity_index_source ON quantity_index (source);
