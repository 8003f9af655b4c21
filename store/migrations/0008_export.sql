-- Which photos were ever exported. With the photo, however it is erased, goes what connects it to
-- the row, in the same transaction: what is left tells copies of the export to forget it, too.
CREATE TABLE exports (
    image    TEXT   NOT NULL PRIMARY KEY, -- pseudonym: a hash of the case under a key of its own
    case_id  TEXT   UNIQUE REFERENCES photos (case_id) ON DELETE SET NULL,
    exported BIGINT NOT NULL              -- the first time, to the day
);
