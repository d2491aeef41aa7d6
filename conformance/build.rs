//! Embeds the cases: writes one list of `(feature, file name, text)` of everything in `cases/`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=cases");
    let mut list = String::from("&[\n");
    for folder in sorted(Path::new("cases"))? {
        for file in sorted(&folder)? {
            println!("cargo::rerun-if-changed={}", file.display());
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let path = file.canonicalize()?;
            let (feature, file) = (name(&folder), name(&file));
            writeln!(list, "    ({feature:?}, {file:?}, include_str!({path:?})),")
                .map_err(io::Error::other)?;
        }
    }
    list.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    fs::write(Path::new(&out).join("cases.rs"), list)
}

fn sorted(folder: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
