-- The histories of types and of the whole server, newest first; what happened since some time is one range of it.
CREATE INDEX version_type ON version (resource_type, last_updated, seq);
