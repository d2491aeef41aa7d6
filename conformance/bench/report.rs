//! The figures of a run: a table to read, and the same as JSON to compare runs by.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use super::contest::Figures;
use super::sample::Summary;

/// Everything that a run found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    facts: Vec<Fact>,
    rows: Vec<Row>,
    growths: Vec<Growth>,
}

/// How much longer the same took with more to look through.
#[derive(Debug, Serialize)]
struct Growth {
    measure: String,
    few_p50_ms: f64,
    many_p50_ms: f64,
    times: f64,
    /// What it may be at most.
    limit: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Fact {
    name: String,
    value: String,
}

#[derive(Debug, Serialize)]
struct Row {
    measure: String,
    connections: Option<usize>,
    server: Option<Summary>,
    floor: Option<Summary>,
    /// How much of the floor's speed the server has: 1 is as fast as the floor.
    of_floor: Option<f64>,
    failure: Option<String>,
}

impl Report {
    /// Says what a figure cannot.
    pub fn tell(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        eprintln!("{name}: {value}");
        self.facts.push(Fact { name: name.to_owned(), value });
    }

    /// Adds what was measured, or why it could not be.
    pub fn add(&mut self, measure: &str, connections: Option<usize>, figures: Result<Figures>) {
        let mut row = Row {
            measure: measure.to_owned(),
            connections,
            server: None,
            floor: None,
            of_floor: None,
            failure: None,
        };
        match figures {
            Ok(Figures { server, floor }) => {
                row.of_floor = floor.as_ref().and_then(|floor| of_floor(&server, floor));
                row.server = Some(server);
                row.floor = floor;
            }
            Err(error) => row.failure = Some(format!("{error:#}")),
        }
        eprintln!("{}", line(&row));
        self.rows.push(row);
    }

    /// Compares the medians of two measures that were added, the second with more to look through; says nothing where one is missing.
    pub fn compare(&mut self, measure: &str, few: &str, many: &str, limit: Option<f64>) {
        let p50 = |name: &str| {
            let row = self.rows.iter().find(|row| row.measure == name)?;
            row.server.as_ref().map(|server| server.p50_ms)
        };
        if let (Some(few), Some(many)) = (p50(few), p50(many)) {
            let measure = measure.to_owned();
            self.growths.push(Growth {
                measure,
                few_p50_ms: few,
                many_p50_ms: many,
                times: many / few,
                limit,
            });
        }
    }

    /// Whether every figure could be measured, and no request failed meanwhile.
    pub fn is_whole(&self) -> bool {
        self.rows
            .iter()
            .all(|row| row.failure.is_none() && row.server.as_ref().is_none_or(|server| server.errors == 0))
    }

    /// The facts and the table.
    pub fn table(&self) -> String {
        let mut table = String::new();
        for fact in &self.facts {
            // Writing to a String cannot fail.
            let _ = writeln!(table, "{}: {}", fact.name, fact.value);
        }
        let _ = writeln!(
            table,
            "\n{:<44}{:>4} |{:>9}{:>10}{:>10} |{:>9}{:>10}{:>10} |{:>9}",
            "measure", "c", "ops/s", "p50 ms", "p99 ms", "floor/s", "p50 ms", "p99 ms", "of floor"
        );
        for row in &self.rows {
            let _ = writeln!(table, "{}", line(row));
        }
        if !self.growths.is_empty() {
            let heads = ("with more to look through", "p50 ms", "p50 ms", "times");
            let _ = writeln!(table, "\n{:<44} |{:>10}{:>10} |{:>7}", heads.0, heads.1, heads.2, heads.3);
        }
        for Growth { measure, few_p50_ms, many_p50_ms, times, limit } in &self.growths {
            let limit = match limit {
                Some(limit) if times > limit => format!("  more than {limit}"),
                _ => String::new(),
            };
            let _ =
                writeln!(table, "{measure:<44} |{few_p50_ms:>10.3}{many_p50_ms:>10.3} |{times:>7.2}{limit}");
        }
        table
    }
}

/// By throughput where that was measured, else by the median.
fn of_floor(server: &Summary, floor: &Summary) -> Option<f64> {
    let (above, below) = match (server.per_second, floor.per_second) {
        (Some(server), Some(floor)) => (server, floor),
        _ => (floor.p50_ms, server.p50_ms),
    };
    (above > 0.0 && below > 0.0).then(|| above / below)
}

fn line(row: &Row) -> String {
    let connections = row.connections.map_or_else(String::new, |connections| connections.to_string());
    let mut line = format!("{:<44}{connections:>4} |", row.measure);
    if let Some(failure) = &row.failure {
        line.push_str(&format!(" not measured: {failure}"));
        return line;
    }
    for summary in [&row.server, &row.floor] {
        let per_second = summary.as_ref().and_then(|summary| summary.per_second);
        let p50 = summary.as_ref().map(|summary| summary.p50_ms);
        let p99 = summary.as_ref().map(|summary| summary.p99_ms);
        line.push_str(&format!("{:>9}{:>10}{:>10} |", figure(per_second, 0), figure(p50, 3), figure(p99, 3)));
    }
    line.push_str(&format!("{:>9}", figure(row.of_floor, 2)));
    if let Some(errors) = row.server.as_ref().map(|server| server.errors).filter(|errors| *errors > 0) {
        line.push_str(&format!("  {errors} failed"));
    }
    line
}

fn figure(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(per_second: Option<f64>, p50_ms: f64) -> Summary {
        Summary { count: 10, errors: 0, per_second, p50_ms, p99_ms: p50_ms * 2.0 }
    }

    #[test]
    fn a_ratio_of_one_is_as_fast_as_the_floor() {
        for (server, floor, expected) in [
            (summary(Some(500.0), 2.0), summary(Some(1000.0), 0.9), Some(0.5)),
            (summary(None, 4.0), summary(None, 1.0), Some(0.25)),
            (summary(None, -1.0), summary(None, 1.0), None),
        ] {
            assert_eq!(of_floor(&server, &floor), expected, "{server:?}");
        }
    }

    #[test]
    fn the_table_has_every_row_and_says_what_was_not_measured() {
        let mut report = Report::default();
        report.tell("machine", "a small one");
        let floor = Some(summary(Some(1000.0), 1.0));
        report.add("create", Some(8), Ok(Figures { server: summary(Some(500.0), 2.0), floor }));
        report.add("start", None, Ok(Figures { server: summary(None, 300.0), floor: None }));
        assert!(report.is_whole());
        report.add("read", Some(1), Err(anyhow::anyhow!("refused")));
        assert!(!report.is_whole());
        let expected = "\
machine: a small one

measure                                        c |    ops/s    p50 ms    p99 ms |  floor/s    p50 ms    p99 ms | of floor
create                                         8 |      500     2.000     4.000 |     1000     1.000     2.000 |     0.50
start                                            |        -   300.000   600.000 |        -         -         - |        -
read                                           1 | not measured: refused
";
        assert_eq!(report.table(), expected);
    }

    #[test]
    fn what_grows_more_than_it_may_is_told() {
        let mut report = Report::default();
        for (name, p50_ms) in [("few", 2.0), ("many", 5.0)] {
            let server = summary(Some(10.0), p50_ms);
            report.add(name, Some(1), Ok(Figures { server, floor: None }));
        }
        report.compare("a", "few", "many", Some(2.0));
        report.compare("b", "few", "many", Some(3.0));
        report.compare("c", "few", "missing", None);
        let table = report.table();
        let lines: Vec<_> = table.lines().skip_while(|line| !line.starts_with("with more")).skip(1).collect();
        assert_eq!(lines.len(), 2, "{table}");
        assert!(lines[0].contains("2.50  more than 2") && lines[1].ends_with("2.50"), "{table}");
    }

    #[test]
    fn requests_that_failed_are_told() {
        let mut report = Report::default();
        let server = Summary { errors: 3, ..summary(Some(10.0), 1.0) };
        report.add("create", Some(1), Ok(Figures { server, floor: None }));
        assert!(report.table().ends_with("3 failed\n") && !report.is_whole());
    }
}
