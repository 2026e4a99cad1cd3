-- The token of the attempt's statement at generation 0: what the server may remember belongs to the statement, whichever
-- plan it is of. NULL where the request provably never left. Attempts of the first version have their chunk's id in its place.
ALTER TABLE attempts ADD COLUMN token TEXT;
UPDATE attempts SET token = chunk_id;
CREATE INDEX attempts_by_token ON attempts (token);
