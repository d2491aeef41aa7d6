-- Nothing is ever in it. A write looks into it to lock what it would find, and so keeps others from having it alone, from before its snapshot
-- until it is committed. A deletion has it alone: it sees every reference that was written before it, and what is written after it sees that it
-- is gone. Reading it, as a backup does, keeps nobody waiting.
CREATE TABLE deletion ();
