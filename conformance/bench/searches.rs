//! The searches of a day's work, each beside the statement that a hand would write for it, by every caller that is given, and again when
//! there are more records, <https://hl7.org/fhir/R4/search.html>.
//!
//! What a search finds is compared with what its floor finds before either is measured: a fast answer that is wrong is worth
//! nothing. A caller who may not see everything may find less.

use std::rc::Rc;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::try_join_all;

use super::ask::Ask;
use super::connection::Connection;
use super::contest::{Figures, Nothing};
use super::place::TEAMS;
use super::records::{GROUP, Group, OWN, Records};
use super::report::Report;
use super::stage::Stage;
use super::target::Target;

const LOADERS: usize = 4;
/// Groups in a transaction.
const BATCH: usize = 10;
/// Different questions of each search, asked in turn.
const QUESTIONS: usize = 60;
/// How deep the deep page is.
const DEEP: usize = 35;
/// The length of a page.
const PAGE: usize = 50;

/// A search and its floor.
pub struct Search {
    name: &'static str,
    /// With `{1}`, `{2}` … for the values of a question.
    path: &'static str,
    /// With `$1`, `$2` … for the same.
    pub floor: &'static str,
    ask: fn(&Records, &Group, usize) -> Vec<String>,
    /// Whether it asks for a number alone.
    pub is_count: bool,
    /// Whether a board asks for it all day: it may take no more than twice as long when there are ten times as many records.
    is_board: bool,
}

impl Search {
    /// Whether it is about what one team has.
    fn is_of_team(&self) -> bool {
        self.path.contains("owner={1}") || self.path.contains("performer={1}")
    }
}

/// A search by a caller.
struct Measure<'a> {
    name: String,
    search: &'static Search,
    asker: &'a Asker,
    /// Whether it asks for nothing but what its own team has.
    of_own: bool,
    is_board: bool,
}

/// What is measured. Who sees a part of it all looks at its own team's board, which is what a board is, and besides at those of all teams.
fn measures(askers: &[Asker]) -> Vec<Measure<'_>> {
    let mut measures = Vec::new();
    for asker in askers {
        for search in &SEARCHES {
            let mut add = |what: &str, of_own, is_board| {
                measures.push(Measure {
                    name: format!("{}{what} ({}", search.name, asker.name),
                    search,
                    asker,
                    of_own,
                    is_board,
                });
            };
            if search.is_of_team() && !asker.sees_all {
                add("", true, search.is_board);
                add(", any team's", false, false);
            } else {
                add("", false, search.is_board);
            }
        }
    }
    measures
}

impl Measure<'_> {
    /// Its name among those with so many records, or among those of how it grows.
    fn name(&self, size: Option<usize>) -> String {
        match size {
            Some(size) => format!("{}, {})", self.name, thousands(size)),
            None => format!("{})", self.name),
        }
    }
}

/// The values of one question.
pub struct Question {
    pub values: Vec<String>,
}

const SEARCHES: [Search; 13] = [
    Search {
        name: "S1 team's requested Tasks",
        path: "Task?owner={1}&status=requested&_sort=-_lastUpdated&_count=50",
        floor: "SELECT c FROM bench_floor.work WHERE owner = $1 AND status = 'requested' ORDER BY seq DESC LIMIT 50",
        ask: |records, _, turn| vec![records.team(turn)],
        is_count: false,
        is_board: true,
    },
    Search {
        name: "S2 team's open Tasks",
        path: "Task?owner={1}&status=requested,received,accepted&_count=50",
        floor: "SELECT c FROM bench_floor.work WHERE owner = $1 AND status IN ('requested', 'received', 'accepted') ORDER BY seq DESC LIMIT 50",
        ask: |records, _, turn| vec![records.team(turn)],
        is_count: false,
        is_board: true,
    },
    Search {
        name: "S3 person's referrals",
        path: "ServiceRequest?patient={1}",
        floor: "SELECT c FROM bench_floor.referral WHERE patient = $1 ORDER BY seq DESC LIMIT 50",
        ask: |_, group, _| vec![group.patient.clone()],
        is_count: false,
        is_board: true,
    },
    Search {
        name: "S4 the same by identifier",
        path: "ServiceRequest?patient.identifier=https://bench.example/person|{1}",
        floor: "SELECT r.c FROM bench_floor.referral r JOIN bench_floor.person p ON p.id = r.patient WHERE p.identifier = $1 ORDER BY r.seq DESC LIMIT 50",
        ask: |_, group, _| vec![group.person.clone()],
        is_count: false,
        is_board: true,
    },
    Search {
        name: "S5 referral by identifier",
        path: "ServiceRequest?identifier=https://bench.example/referral|{1}",
        floor: "SELECT c FROM bench_floor.referral WHERE identifier = $1",
        ask: |_, group, _| vec![group.referrals[0].identifier.clone()],
        is_count: false,
        is_board: true,
    },
    Search {
        name: "S6 urgent in a month",
        path: "ServiceRequest?authored=ge{1}&authored=lt{2}&priority=urgent&_count=50",
        floor: "SELECT c FROM bench_floor.referral WHERE priority = 'urgent' AND authored >= $1::text::timestamptz AND authored < $2::text::timestamptz ORDER BY seq DESC LIMIT 50",
        ask: |_, _, turn| {
            let (from, to) = Records::month(turn);
            vec![from, to]
        },
        is_count: false,
        is_board: false,
    },
    Search {
        name: "S7 referrals with Tasks",
        path: "ServiceRequest?performer={1}&_revinclude=Task:focus&_count=50",
        floor: "WITH page AS MATERIALIZED (SELECT id, c FROM bench_floor.referral WHERE performer = $1 ORDER BY seq DESC LIMIT 50) \
                SELECT c FROM page UNION ALL SELECT w.c FROM page JOIN bench_floor.work w ON w.focus = page.id",
        ask: |records, _, turn| vec![records.team(turn)],
        is_count: false,
        is_board: false,
    },
    Search {
        name: "S8 page far down",
        path: "",
        floor: "SELECT c FROM bench_floor.work WHERE seq < $1::text::bigint ORDER BY seq DESC LIMIT 50",
        ask: |_, _, _| Vec::new(),
        is_count: false,
        is_board: true,
    },
    Search {
        name: "S9 count team's completed",
        path: "Task?owner={1}&status=completed&_summary=count",
        floor: "SELECT count(*) FROM bench_floor.work WHERE owner = $1 AND status = 'completed'",
        ask: |records, _, turn| vec![records.team(turn)],
        is_count: true,
        is_board: false,
    },
    Search {
        name: "S10 count all completed",
        path: "Task?status=completed&_summary=count",
        floor: "SELECT count(*) FROM bench_floor.work WHERE status = 'completed'",
        ask: |_, _, _| Vec::new(),
        is_count: true,
        is_board: false,
    },
    Search {
        name: "S11 team's urgent Tasks",
        path: "Task?owner={1}&priority=urgent&_sort=-_lastUpdated&_count=50",
        floor: "SELECT c FROM bench_floor.work WHERE owner = $1 AND priority = 'urgent' ORDER BY seq DESC LIMIT 50",
        ask: |records, _, turn| vec![records.team(turn)],
        is_count: false,
        is_board: true,
    },
    Search {
        name: "S12 completed, last written",
        path: "Task?status=completed&_sort=-authored-on&_count=50",
        floor: "SELECT c FROM bench_floor.work WHERE status = 'completed' ORDER BY authored DESC LIMIT 50",
        ask: |_, _, _| Vec::new(),
        is_count: false,
        is_board: true,
    },
    Search {
        name: "S13 all urgent Tasks",
        path: "Task?priority=urgent&_count=50",
        floor: "SELECT c FROM bench_floor.work WHERE priority = 'urgent' ORDER BY seq DESC LIMIT 50",
        ask: |_, _, _| Vec::new(),
        is_count: false,
        is_board: true,
    },
];

/// Who asks: a name, and the server as it is asked by it.
pub struct Asker {
    pub name: String,
    pub target: Target,
    /// Whether everything that was loaded is seen by it.
    pub sees_all: bool,
}

/// Loads up to each number of records in turn, and measures every search by every caller there; then tells how much longer each took with
/// the last number than with the first. What is loaded `already` is not loaded again.
pub async fn measure(
    stage: &Stage,
    records: &Records,
    askers: &[Asker],
    sizes: &[usize],
    already: usize,
    report: &mut Report,
) {
    let measures = measures(askers);
    let mut loaded = 0;
    for size in sizes {
        let ready = load(stage, records, loaded, *size / GROUP, already / GROUP).await;
        loaded = *size / GROUP;
        for measure in &measures {
            let figures = match &ready {
                Ok(()) => figures(stage, records, measure, loaded).await,
                Err(error) => Err(anyhow::anyhow!("the records could not be loaded: {error:#}")),
            };
            report.add(&measure.name(Some(*size)), Some(1), figures);
        }
    }
    let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else { return };
    if first == last {
        return;
    }
    for measure in &measures {
        let limit = measure.is_board.then_some(2.0);
        let (at_first, at_last) = (measure.name(Some(*first)), measure.name(Some(*last)));
        report.compare(&measure.name(None), &at_first, &at_last, limit);
    }
}

fn thousands(size: usize) -> String {
    format!("{}k", size / 1000)
}

/// Loads the groups from `from` to `to`, on the server those that are not there already, on the floor all.
async fn load(stage: &Stage, records: &Records, from: usize, to: usize, already: usize) -> Result<()> {
    eprintln!("  loading records {} to {}", from * GROUP, to * GROUP);
    let next = std::cell::Cell::new(from);
    let connections = stage.target.connect_all(LOADERS).await?;
    try_join_all(connections.into_iter().map(async |mut connection| {
        let mut bundle = String::new();
        while next.get() < to {
            let begin = next.get();
            let end = to.min(begin + BATCH);
            next.set(end);
            let groups: Vec<Group> = (begin..end).map(|number| records.group(number)).collect();
            if let Some(floor) = &stage.floor {
                floor.load_groups(&groups).await?;
            }
            if end <= already {
                continue;
            }
            bundle.clear();
            bundle.push_str(r#"{"resourceType":"Bundle","type":"transaction","entry":["#);
            groups.iter().for_each(|group| records.write(group, &mut bundle));
            bundle.push_str("]}");
            connection.succeed("POST", &stage.target.path(""), Some(&bundle)).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    match &stage.floor {
        Some(floor) => floor.settle().await,
        None => Ok(()),
    }
}

async fn figures(stage: &Stage, records: &Records, measure: &Measure<'_>, groups: usize) -> Result<Figures> {
    let Measure { search, asker, .. } = *measure;
    let mut connection = asker.target.connect().await?;
    let (paths, questions) = questions(&mut connection, records, measure, groups).await?;
    let paths = Rc::new(paths);
    let questions = Rc::new(questions);
    let mut ask = Ask { connection, paths: Rc::clone(&paths), turn: 0 };
    let Some(floor) = &stage.floor else {
        return stage.measure::<_, Nothing>(vec![ask], None).await;
    };
    let mut look = floor.look(search, questions).await?;
    for path in paths.iter().take(10) {
        let (found, expected) = (found(&mut ask.connection, path, search).await?, look.found().await?);
        // Loaded by several at once, the referrals are not in one order on both sides, and the last of a page may be another one.
        let about = if search.path.contains("_revinclude") { PAGE / 5 } else { 0 };
        let is_right = found <= expected + about && (!asker.sees_all || found + about >= expected);
        ensure!(is_right, "{path} finds {found}, its floor {expected}");
    }
    look.turn = 0;
    stage.measure(vec![ask], Some(vec![look])).await
}

/// The addresses of a search's questions, and what the floor is asked.
async fn questions(
    connection: &mut Connection,
    records: &Records,
    measure: &Measure<'_>,
    groups: usize,
) -> Result<(Vec<String>, Vec<Question>)> {
    let Measure { search, asker, of_own, .. } = *measure;
    if search.path.is_empty() {
        let path = deep(connection, asker, groups).await?;
        // The floor's rows have no gaps between their numbers.
        let place = groups * 5 - deep_rows(groups);
        return Ok((vec![path], vec![Question { values: vec![place.to_string()] }]));
    }
    let ask = |turn: usize| {
        let group = records.group(turn * groups / QUESTIONS);
        let values = (search.ask)(records, &group, if of_own { OWN } else { turn % TEAMS });
        let mut path = search.path.to_owned();
        for (at, value) in values.iter().enumerate() {
            path = path.replace(&format!("{{{}}}", at + 1), value);
        }
        (asker.target.path(&path.replace('|', "%7C")), Question { values })
    };
    Ok((0..QUESTIONS).map(ask).unzip())
}

/// How many Tasks lie before the deep page: a third of them.
fn deep_rows(groups: usize) -> usize {
    groups * 5 * DEEP / 100
}

/// The address of the page that comes after a third of all Tasks, by walking there.
async fn deep(connection: &mut Connection, asker: &Asker, groups: usize) -> Result<String> {
    let mut path = asker.target.path("Task?_sort=-_lastUpdated&_count=1000");
    for _ in 0..(deep_rows(groups) / 1000).max(1) {
        let page = connection.succeed("GET", &path, None).await?.json()?;
        let links = page["link"].as_array().map(Vec::as_slice).unwrap_or_default();
        let next = links.iter().find(|link| link["relation"] == "next");
        // One who sees little has no page so deep: the last one is.
        let Some(url) = next.and_then(|link| link["url"].as_str()) else { break };
        let Some((_, after)) = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')) else {
            bail!("a next link is not absolute: {url}");
        };
        path = format!("/{after}");
    }
    ensure!(path.contains("_count=1000"), "a next link does not keep _count: {path}");
    Ok(path.replace("_count=1000", &format!("_count={PAGE}")))
}

/// How many resources a search finds on its first page, matches and included ones, or what it counts.
async fn found(connection: &mut Connection, path: &str, search: &Search) -> Result<usize> {
    let page = connection.succeed("GET", path, None).await?.json()?;
    if search.is_count {
        let total = page["total"].as_u64().with_context(|| format!("{path} has no total"))?;
        return Ok(usize::try_from(total)?);
    }
    Ok(page["entry"].as_array().map_or(0, Vec::len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::place::Place;

    #[test]
    fn every_search_asks_its_floor_the_same() {
        let records = Records::new(&Place::new(), None);
        for search in &SEARCHES {
            let values = (search.ask)(&records, &records.group(3), 5);
            for at in 1..=values.len() {
                assert!(search.path.contains(&format!("{{{at}}}")), "{}", search.name);
                assert!(search.floor.contains(&format!("${at}")), "{}", search.name);
            }
            assert_eq!(search.is_count, search.floor.starts_with("SELECT count"), "{}", search.name);
        }
        let names: std::collections::HashSet<_> = SEARCHES.iter().map(|search| search.name).collect();
        assert_eq!(names.len(), SEARCHES.len());
    }
}
