-- What the sender wrote of an answer that is wrong: sealed, null where nothing.
ALTER TABLE cases ADD COLUMN comment BLOB;

-- When the sender was promised an answer: with the photo, or later with consent. Null before, and
-- in rows from before this column.
ALTER TABLE cases ADD COLUMN promised BIGINT;

-- Whether the assessment is a refusal, for statistics.
ALTER TABLE cases ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;
UPDATE cases SET refused = 1 WHERE assessment LIKE '%"problems":["%';

CREATE INDEX cases_created ON cases (created);

-- When the photo was kept.
ALTER TABLE photos ADD COLUMN kept BIGINT NOT NULL DEFAULT 0;
UPDATE photos SET kept = (SELECT COALESCE(judged, created) FROM cases WHERE id = photos.case_id);

-- What the team says of an answer. It is about a kept photo, and ends with it.
CREATE TABLE reviews (
    case_id  TEXT   NOT NULL PRIMARY KEY REFERENCES photos (case_id) ON DELETE CASCADE,
    changed  BIGINT NOT NULL DEFAULT 1,  -- counts the changes of what there is to show
    shown    BIGINT NOT NULL DEFAULT 0,  -- the count that the team's post shows
    posted   BIGINT,                     -- when the post first showed the photo
    decided  BIGINT,                     -- null until there is a decision
    decision TEXT   NOT NULL DEFAULT '',
    reviewer BLOB                        -- as senders in consents
);

-- The team's posts. A row stays until its post is gone, which may be after the case: so it refers to
-- nothing.
CREATE TABLE review_posts (
    case_id  TEXT NOT NULL PRIMARY KEY,
    platform TEXT NOT NULL,
    address  BLOB NOT NULL -- sealed
);
