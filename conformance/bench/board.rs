//! The page that a team's board asks for all day: its requested Tasks, newest first, <https://hl7.org/fhir/R4/search.html#sort>.
//!
//! Tasks are spread unevenly, as in life: the second team has half of what the first has, the third a third, and so on. The teams are
//! asked for in turn, so that crowded and sparse ones both count.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::ask::Ask;
use super::connection::Connection;
use super::contest::{Figures, Nothing};
use super::payload::{self, Tasks};
use super::place::{Place, TEAMS};
use super::report::Report;
use super::stage::Stage;

/// The page's length.
pub const PAGE: usize = 50;
/// The status that is asked for.
pub const STATUS: &str = "requested";

const BATCH: usize = 100;
const LOADERS: usize = 4;
/// Each status with how many of a hundred Tasks have it.
const STATUSES: [(&str, u64); 6] = [
    (STATUS, 20),
    ("received", 10),
    ("accepted", 15),
    ("in-progress", 25),
    ("completed", 25),
    ("rejected", 5),
];

/// Loads that many Tasks, checks that the pages are right, and measures them.
pub async fn measure(stage: &Stage, tasks: usize, report: &mut Report) {
    let board = Rc::new(Board::new(&stage.place));
    let loaded = match load(stage, &board, tasks).await {
        Ok(()) => check(stage, &board).await,
        refused => refused,
    };
    let name = format!("board of {tasks} Tasks");
    for connections in [1, 8] {
        let figures = match &loaded {
            Ok(()) => figures(stage, &board, connections).await,
            Err(error) => Err(anyhow::anyhow!("{error:#}")),
        };
        report.add(&name, Some(connections), figures);
    }
}

/// Who owns which Task.
pub struct Board {
    place: Place,
    shares: Vec<u64>,
    requested: RefCell<Vec<usize>>,
}

impl Board {
    /// An empty board for the teams of the place.
    pub fn new(place: &Place) -> Self {
        let shares = (1..=TEAMS as u64)
            .scan(0, |sum, rank| {
                *sum += 1_000_000 / rank;
                Some(*sum)
            })
            .collect();
        Self { place: place.clone(), shares, requested: RefCell::new(vec![0; TEAMS]) }
    }

    /// The reference to the team whose turn it is.
    pub fn owner(&self, turn: usize) -> String {
        self.place.team(turn % TEAMS)
    }

    /// The team of something random: the second half as often as the first, the third a third as often, and so on.
    pub fn team_of(&self, random: u64) -> usize {
        let whole = self.shares.last().copied().unwrap_or(1);
        let share = (random >> 32) % whole;
        self.shares.partition_point(|sum| *sum <= share)
    }

    /// The team and the status of a Task, always the same for the same number.
    fn assign(&self, number: u64) -> (usize, &'static str) {
        let random = scramble(number);
        let team = self.team_of(random);
        let mut rest = random % 100;
        for (status, part) in STATUSES {
            if rest < part {
                return (team, status);
            }
            rest -= part;
        }
        (team, STATUS)
    }
}

/// splitmix64's last step.
pub fn scramble(number: u64) -> u64 {
    let mut x = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

async fn load(stage: &Stage, board: &Board, tasks: usize) -> Result<()> {
    eprintln!("  loading {tasks} Tasks");
    let text = Tasks::new(&stage.place, &stage.numbers);
    let done = Cell::new(0);
    let connections = stage.target.connect_all(LOADERS).await?;
    try_join_all(connections.into_iter().map(async |mut connection| {
        while done.get() < tasks {
            let from = done.get();
            let count = BATCH.min(tasks - from);
            done.set(from + count);
            load_batch(stage, board, &text, &mut connection, from, count).await?;
        }
        anyhow::Ok(())
    }))
    .await
    .context("the Tasks could not be loaded")?;
    match &stage.floor {
        Some(floor) => floor.analyze().await,
        None => Ok(()),
    }
}

async fn load_batch(
    stage: &Stage,
    board: &Board,
    text: &Tasks,
    connection: &mut Connection,
    from: usize,
    count: usize,
) -> Result<()> {
    let mut rows = Vec::with_capacity(count);
    for number in from..from + count {
        let (team, status) = board.assign(number as u64);
        let owner = stage.place.team(team);
        let mut task = String::new();
        text.write(&owner, status, &mut task);
        rows.push((owner, status, task));
        if status == STATUS {
            board.requested.borrow_mut()[team] += 1;
        }
    }
    let mut bundle = String::new();
    let mut tasks = rows.iter();
    payload::transaction(&mut bundle, "Task", count, |out| {
        out.extend(tasks.next().map(|(_, _, task)| task.as_str()));
    });
    connection.succeed("POST", &stage.target.path(""), Some(&bundle)).await?;
    match &stage.floor {
        Some(floor) => floor.load_tasks(i64::try_from(from)?, &rows).await,
        None => Ok(()),
    }
}

/// A fast answer that is wrong is worth nothing: every team's page is looked at before any is measured.
async fn check(stage: &Stage, board: &Board) -> Result<()> {
    let mut connection = stage.target.connect().await?;
    for team in 0..TEAMS {
        let owner = board.owner(team);
        let page = connection.succeed("GET", &path(stage, &owner), None).await?.json()?;
        let expected = board.requested.borrow()[team].min(PAGE);
        check_page(&page, &owner, expected).with_context(|| format!("the page of {owner} is wrong"))?;
    }
    Ok(())
}

fn check_page(page: &Value, owner: &str, expected: usize) -> Result<()> {
    let entries = page["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    ensure!(entries.len() == expected, "it has {} entries and not {expected}", entries.len());
    let mut before: Option<jiff::Timestamp> = None;
    for entry in entries {
        let task = &entry["resource"];
        let found = task["owner"]["reference"].as_str().unwrap_or_default();
        ensure!(found.ends_with(owner), "it has a Task of {found}");
        ensure!(task["status"] == STATUS, "it has a Task that is {}", task["status"]);
        let updated = task["meta"]["lastUpdated"]
            .as_str()
            .context("it has a Task without meta.lastUpdated")?
            .parse()?;
        ensure!(before.is_none_or(|before| before >= updated), "it is not sorted by the last update");
        before = Some(updated);
    }
    Ok(())
}

fn path(stage: &Stage, owner: &str) -> String {
    stage.target.path(&format!("Task?owner={owner}&status={STATUS}&_sort=-_lastUpdated&_count={PAGE}"))
}

async fn figures(stage: &Stage, board: &Rc<Board>, connections: usize) -> Result<Figures> {
    let paths: Rc<Vec<String>> = Rc::new((0..TEAMS).map(|team| path(stage, &board.owner(team))).collect());
    let to_server = stage.target.connect_all(connections).await?.into_iter().enumerate();
    let server: Vec<Ask> =
        to_server.map(|(turn, connection)| Ask { connection, paths: Rc::clone(&paths), turn }).collect();
    match &stage.floor {
        Some(floor) => stage.measure(server, Some(floor.boards(connections, board).await?)).await,
        None => stage.measure::<_, Nothing>(server, None).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tasks_are_spread_unevenly_over_all_teams_and_statuses() {
        let board = Board::new(&Place::new());
        let mut teams = vec![0; TEAMS];
        let mut requested = 0;
        for number in 0..50_000 {
            let (team, status) = board.assign(number);
            teams[team] += 1;
            requested += usize::from(status == STATUS);
            assert_eq!((team, status), board.assign(number));
        }
        assert!((9_500..10_500).contains(&requested), "{requested}");
        assert!((10_500..11_800).contains(&teams[0]), "{teams:?}: the first has about 22 %");
        assert!((150..300).contains(&teams[TEAMS - 1]), "{teams:?}: the last has about 0.4 %");
    }

    #[test]
    fn a_wrong_page_is_not_measured() {
        let task = |owner: &str, status: &str, updated: &str| json!({"resource": {"owner": {"reference": owner}, "status": status, "meta": {"lastUpdated": updated}}});
        let (new, old) = ("2026-11-21T10:00:00.002+00:00", "2026-11-21T10:00:00.001Z");
        let right = json!({"entry": [task("A/1", STATUS, new), task("http://s/fhir/A/1", STATUS, old)]});
        assert!(check_page(&right, "A/1", 2).is_ok());
        assert!(check_page(&json!({}), "A/1", 0).is_ok());
        for (page, expected) in [
            (right, 3),
            (json!({}), 1),
            (json!({"entry": [task("A/2", STATUS, new)]}), 1),
            (json!({"entry": [task("A/1", "completed", new)]}), 1),
            (json!({"entry": [task("A/1", STATUS, old), task("A/1", STATUS, new)]}), 2),
        ] {
            assert!(check_page(&page, "A/1", expected).is_err(), "{page}");
        }
    }
}
