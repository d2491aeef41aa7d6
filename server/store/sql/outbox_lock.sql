-- No row: another process is numbering.
SELECT epoch FROM sequencer WHERE id = 1 FOR UPDATE SKIP LOCKED
