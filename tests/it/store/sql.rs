//! Every statement fits the schema that the migrations make, and is seen to change when it changes.

use std::fmt::Write;
use std::path::Path;

use tests::TestServer;

/// Of each file: what its parameters are.
const GOLDEN: &str = include_str!("sql.golden");

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_fits_the_schema() {
    let server = TestServer::start().await;
    let client = server.database.connect().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/store/sql");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    assert!(files.len() > 20);
    let mut found = String::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        // The places that code fills in.
        let text = text
            .replace(
                "/* index rows */",
                &if name == "reindex_new" { index_rows("_new", 9) } else { index_rows("", 21) },
            )
            .replace("{visible}", "(v.parties IS NULL OR v.parties && s.parties)")
            .replace("{columns}", "v.id, v.content");
        let statement = client.prepare(&text).await;
        let statement = statement.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let parameters: Vec<_> = statement.params().iter().map(|kind| kind.name().to_owned()).collect();
        let columns: Vec<_> =
            statement.columns().iter().map(|column| column.type_().name().to_owned()).collect();
        let columns = if columns.is_empty() { "()".to_owned() } else { columns.join(", ") };
        writeln!(found, "{name}({}) -> {columns}", parameters.join(", ")).unwrap();
    }
    let new: Vec<_> = found.lines().filter(|line| !GOLDEN.lines().any(|golden| golden == *line)).collect();
    assert!(found == GOLDEN, "sql.golden says something else than:\n{}", new.join("\n"));
}

/// The parts of a statement that writes index rows, those whose names end so, with their parameters numbered from this one.
fn index_rows(suffix: &str, mut first: usize) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/store/sql/commit");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut parts = String::new();
    for file in files.iter().filter(|file| file.file_stem().unwrap().to_str().unwrap().ends_with(suffix)) {
        let mut text = std::fs::read_to_string(file).unwrap();
        let count = (1..20).take_while(|at| text.contains(&format!("{{{at}}}"))).count();
        for at in 1..=count {
            text = text.replace(&format!("{{{at}}}"), &format!("${}", first + at - 1));
        }
        first += count;
        write!(parts, ", {} AS (\n{text})", file.file_stem().unwrap().to_str().unwrap()).unwrap();
    }
    parts
}
