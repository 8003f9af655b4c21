-- One-time links that open the team's pages, one for each reviewer.
CREATE TABLE team_links (
    sender   BLOB   NOT NULL PRIMARY KEY, -- the reviewer, as in consents
    token    BLOB   NOT NULL UNIQUE,      -- keyed hash
    reviewer BLOB   NOT NULL,             -- sealed
    expires  BIGINT NOT NULL
);

-- Reviewers who are logged in.
CREATE TABLE team_sessions (
    token    BLOB   NOT NULL PRIMARY KEY, -- keyed hash
    sender   BLOB   NOT NULL,             -- the reviewer, as in consents
    reviewer BLOB   NOT NULL,             -- sealed
    opened   BIGINT NOT NULL,
    expires  BIGINT NOT NULL
);

CREATE INDEX team_sessions_sender ON team_sessions (sender, opened);
