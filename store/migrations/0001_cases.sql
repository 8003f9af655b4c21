-- Times are milliseconds since 1970, UTC. Booleans are 0 and 1. BLOB is the only type name here
-- that PostgreSQL spells otherwise (BYTEA).

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

-- Who agreed to have photos looked at.
CREATE TABLE consents (
    sender BLOB   NOT NULL PRIMARY KEY, -- keyed hash of platform and ID
    given  BIGINT NOT NULL
);

-- One photo and its answer.
CREATE TABLE cases (
    id           TEXT   NOT NULL PRIMARY KEY,
    sender       BLOB   NOT NULL,           -- as in consents
    event        BLOB   NOT NULL UNIQUE,    -- keyed hash of platform and event
    platform     TEXT   NOT NULL,
    status       TEXT   NOT NULL CHECK (status IN ('waiting', 'pending', 'answered', 'failed', 'expired')),
    created      BIGINT NOT NULL,
    deadline     BIGINT NOT NULL,
    settled      BIGINT,                    -- when it was answered, failed or expired
    delivered    BIGINT,                    -- only settled cases are delivered
    address      BLOB   NOT NULL,           -- sealed
    acknowledged BIGINT NOT NULL DEFAULT 0, -- whether the address is the bot's
    source       BLOB   NOT NULL,           -- sealed
    assessment   TEXT,                      -- JSON, where answered
    label        TEXT,                      -- from the assessment, for statistics
    model        TEXT,                      -- from the assessment, for statistics
    failure      TEXT   NOT NULL DEFAULT '', -- the cause, where failed, for operators
    agrees       BIGINT,                    -- the verdict; null until there is one
    truth        TEXT   NOT NULL DEFAULT '',
    keep         BIGINT,                    -- null until asked
    judged       BIGINT                     -- when the verdict was last given
);

CREATE INDEX cases_sender ON cases (sender);
CREATE INDEX cases_open ON cases (created, id) WHERE delivered IS NULL;

-- Photos that their senders let us keep, sealed.
CREATE TABLE photos (
    case_id TEXT NOT NULL PRIMARY KEY REFERENCES cases (id) ON DELETE CASCADE,
    photo   BLOB NOT NULL
);
