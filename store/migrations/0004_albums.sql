-- The album that a photo came in: a keyed hash of platform, sender and album; null for none.
ALTER TABLE cases ADD COLUMN album BLOB;
CREATE INDEX cases_album ON cases (album) WHERE album IS NOT NULL;
