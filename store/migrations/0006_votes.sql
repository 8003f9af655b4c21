-- A review begins when the photo is kept, whether or not there is a channel to post it in.
ALTER TABLE reviews ADD COLUMN begun    BIGINT           NOT NULL DEFAULT 0;
ALTER TABLE reviews ADD COLUMN status   TEXT             NOT NULL DEFAULT 'new'; -- or 'labelled', 'rejected'
ALTER TABLE reviews ADD COLUMN priority DOUBLE PRECISION NOT NULL DEFAULT 0;     -- 0 to 1, of what teaches most
-- Whether the row in review_posts is this review's; it may be left over from one that has ended.
ALTER TABLE reviews ADD COLUMN has_post BIGINT           NOT NULL DEFAULT 0;

UPDATE reviews SET has_post = 1, begun = (SELECT kept FROM photos WHERE photos.case_id = reviews.case_id);
UPDATE reviews SET status = CASE WHEN decision = 'reject' THEN 'rejected' ELSE 'labelled' END WHERE decided IS NOT NULL;

INSERT INTO reviews (case_id, begun)
SELECT c.id, p.kept FROM photos p JOIN cases c ON c.id = p.case_id
WHERE c.agrees = 0 AND c.keep = 1 AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.case_id = c.id);

-- The line of those who wait, as it is read.
CREATE INDEX reviews_line ON reviews (priority DESC, begun, case_id) WHERE status = 'new';

-- What reviewers say. It is about a review, and ends with it.
CREATE TABLE votes (
    case_id  TEXT   NOT NULL REFERENCES reviews (case_id) ON DELETE CASCADE,
    place    BIGINT NOT NULL, -- 1 is the first vote on the case
    reviewer BLOB,            -- as senders in consents; null once the reviewer is forgotten
    decision TEXT   NOT NULL,
    voted    BIGINT NOT NULL,
    PRIMARY KEY (case_id, place)
);
CREATE UNIQUE INDEX votes_reviewer ON votes (reviewer, case_id);

-- A single decision was enough before.
INSERT INTO votes (case_id, place, reviewer, decision, voted)
SELECT case_id, 1, reviewer, decision, decided FROM reviews WHERE decided IS NOT NULL;
ALTER TABLE reviews DROP COLUMN reviewer;
