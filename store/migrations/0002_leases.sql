-- Who may do what only one process at a time may do.
CREATE TABLE leases (
    name    TEXT   NOT NULL PRIMARY KEY,
    holder  TEXT   NOT NULL,
    expires BIGINT NOT NULL -- by the database's clock
);

-- Open cases are asked for platform by platform.
DROP INDEX cases_open;
CREATE INDEX cases_open ON cases (platform, created, id) WHERE delivered IS NULL;
