//! Keeps what the server answered, for another validator to look at: with `RECORD_ANSWERS=FOLDER`, the JSON resource in the body of
//! every answer that is no error is written there.
//!
//! Of answers that differ in numbers and hexadecimal digits only, as in their ids and times, one is kept.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::LazyLock;

use crate::Answer;

static FOLDER: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let folder = PathBuf::from(std::env::var_os("RECORD_ANSWERS")?);
    std::fs::create_dir_all(&folder).expect("the folder for answers");
    Some(folder)
});

/// Writes the answer's resource to the folder that the environment names, if it names one.
pub(crate) fn record(answer: &Answer) {
    let Some(folder) = FOLDER.as_ref().filter(|_| (200..300).contains(&answer.status)) else { return };
    let Some(resource_type) = answer.json["resourceType"].as_str() else { return };
    let mut shape = DefaultHasher::new();
    for byte in answer.body.iter().filter(|byte| !byte.is_ascii_hexdigit()) {
        byte.hash(&mut shape);
    }
    let file = folder.join(format!("{resource_type}-{:016x}.json", shape.finish()));
    if !file.exists() {
        std::fs::write(file, &answer.body).expect("an answer that is written");
    }
}
