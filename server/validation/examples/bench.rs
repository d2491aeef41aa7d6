//! How long the validation of one resource takes, in microseconds on one core: `cargo run --release -p validation --example bench`.
//! It prints, for each of the valid examples of our profiles, its size and the least mean of several rounds.

use std::{fs, hint::black_box, path::Path, time::Instant};

use fhir::Resource;
use validation::{Settings, validate};

const ROUNDS: u32 = 20;
const REPETITIONS: u32 = 200;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/examples/valid");
    let mut paths: Vec<_> = match fs::read_dir(&folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) => return eprintln!("{}: {error}", folder.display()),
    };
    paths.sort();
    let settings = Settings::default();
    for path in paths {
        let Ok(text) = fs::read(&path) else { continue };
        let Some(resource) = fhir::json::parse(&text).ok().and_then(|value| Resource::new(value).ok()) else {
            continue;
        };
        let findings = validate(&resource, &settings).len();
        let best = (0..ROUNDS).map(|_| mean(&resource, &settings)).fold(f64::INFINITY, f64::min);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        println!("{best:8.1} µs  {:6} bytes  {findings} findings  {name}", text.len());
    }
}

/// The mean time of one validation.
fn mean(resource: &Resource, settings: &Settings) -> f64 {
    let start = Instant::now();
    for _ in 0..REPETITIONS {
        black_box(validate(black_box(resource), settings));
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(REPETITIONS)
}
