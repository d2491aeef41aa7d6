//! The set of everything that is known, loaded once per process from the embedded files.
//! (API contract: see the signatures; the loader is being written.)
