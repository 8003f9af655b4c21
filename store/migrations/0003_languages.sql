-- The language that people chose, where they did: a tag.
CREATE TABLE languages (
    sender   BLOB NOT NULL PRIMARY KEY, -- as in consents
    language TEXT NOT NULL
);

-- The language in which a case is answered: a tag, empty where it is not known.
ALTER TABLE cases ADD COLUMN language TEXT NOT NULL DEFAULT '';
