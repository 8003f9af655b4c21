-- What was counted of the photos of each day: only totals, which name nobody and outlast the cases.
CREATE TABLE days (
    day    BIGINT NOT NULL PRIMARY KEY, -- its beginning
    counts TEXT   NOT NULL              -- JSON
);

-- Cases that came before this time stand in the table above. One row.
CREATE TABLE counted (
    row_id BIGINT NOT NULL PRIMARY KEY CHECK (row_id = 1),
    up_to  BIGINT NOT NULL
);
INSERT INTO counted (row_id, up_to) VALUES (1, 0);

-- What the workers said of their models.
CREATE TABLE models (
    version TEXT   NOT NULL PRIMARY KEY,
    card    TEXT   NOT NULL, -- JSON
    seen    BIGINT NOT NULL  -- when a worker served it last
);

-- Verdicts are counted by model, while their cases last.
CREATE INDEX cases_thumbs ON cases (created, model, agrees) WHERE agrees IS NOT NULL;
