-- One row: who may write.
CREATE TABLE IF NOT EXISTS lease (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    -- Grows with each taking; every write compares it.
    fence     INTEGER NOT NULL,
    -- Grows with each renewal.
    beat      INTEGER NOT NULL,
    -- For people; NULL when it was given back.
    holder    TEXT,
    -- Boot id of the machine where the holder also holds the kernel's lock; '' where it does not.
    locked_on TEXT NOT NULL
) STRICT;
INSERT OR IGNORE INTO lease (id, fence, beat, holder, locked_on) VALUES (1, 0, 0, NULL, '');
