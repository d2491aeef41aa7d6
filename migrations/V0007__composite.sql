-- What the elements of composite parameters are found by. Their texts, dates and numbers are in the index tables, with the
-- element's key as source.

CREATE TABLE composite_index (
    key uuid PRIMARY KEY,                      -- of the element
    source uuid NOT NULL,                      -- of the resource
    parameter integer NOT NULL,
    keys uuid[] NOT NULL
);
CREATE INDEX composite_index_source ON composite_index (source);
CREATE INDEX composite_index_keys ON composite_index USING gin (keys);

-- Every code in use, and every text that one was ever shown with, with the key that stands for it among the keys of resources.
-- It grows with the codes in use, not with the resources. Sorting by codes and searching for their texts look here.
CREATE TABLE vocabulary (
    parameter integer NOT NULL,
    text text COLLATE "C" NOT NULL,
    key uuid NOT NULL,
    PRIMARY KEY (parameter, text)
);
CREATE INDEX vocabulary_key ON vocabulary (key, parameter);
