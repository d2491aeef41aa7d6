//! What was measured: how long each operation took, and how many failed.
//!
//! Quantiles are exact (nearest rank over all values); nothing is averaged and no outlier is dropped.

use std::time::Duration;

use serde::Serialize;

/// The operations of one measurement.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// How long each successful operation took, in microseconds; below zero where an effect was seen before its cause was told.
    pub microseconds: Vec<i64>,
    /// How long the measurement went on, from its first operation to the end of its last; zero where operations were paced.
    pub elapsed: Duration,
    /// Operations without success.
    pub errors: u64,
    /// The words of the first failure.
    pub first_error: Option<String>,
}

/// A sample as it is reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Successful operations.
    pub count: usize,
    /// Failed operations.
    pub errors: u64,
    /// Successful operations a second; absent where operations were paced.
    pub per_second: Option<f64>,
    /// The median, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile, in milliseconds.
    pub p99_ms: f64,
}

impl Sample {
    /// Takes down one operation.
    pub fn add(&mut self, outcome: anyhow::Result<()>, took: Duration) {
        match outcome {
            Ok(()) => self.microseconds.push(microseconds(took)),
            Err(error) => {
                self.errors += 1;
                self.first_error.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }

    /// Takes the operations of another sample that ran at the same time: the time passed once.
    pub fn beside(&mut self, other: Self) {
        let elapsed = self.elapsed.max(other.elapsed);
        self.then(other);
        self.elapsed = elapsed;
    }

    /// Takes the operations of another sample that ran before or after: the times add up.
    pub fn then(&mut self, other: Self) {
        self.microseconds.extend(other.microseconds);
        self.elapsed += other.elapsed;
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    /// The figures to report; `None` when no operation succeeded.
    pub fn summary(mut self) -> Option<Summary> {
        self.microseconds.sort_unstable();
        let count = self.microseconds.len();
        Some(Summary {
            count,
            errors: self.errors,
            per_second: (!self.elapsed.is_zero()).then(|| count as f64 / self.elapsed.as_secs_f64()),
            p50_ms: quantile(&self.microseconds, 50)?,
            p99_ms: quantile(&self.microseconds, 99)?,
        })
    }
}

/// Whole microseconds, which is as fine as anything here is meant.
pub fn microseconds(took: Duration) -> i64 {
    i64::try_from(took.as_micros()).unwrap_or(i64::MAX)
}

/// The value in milliseconds that this many percent of the sorted microseconds do not exceed.
fn quantile(sorted: &[i64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|value| *value as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let hundred: Vec<i64> = (1..=100).map(|value| value * 1000).collect();
        for (values, percent, expected) in [
            (&[][..], 50, None),
            (&[7000], 50, Some(7.0)),
            (&[7000], 99, Some(7.0)),
            (&[-500, 1000], 50, Some(-0.5)),
            (&[1000, 2000, 3000], 50, Some(2.0)),
            (&hundred, 50, Some(50.0)),
            (&hundred, 99, Some(99.0)),
            (&hundred, 100, Some(100.0)),
        ] {
            assert_eq!(quantile(values, percent), expected, "{percent} of {values:?}");
        }
    }

    #[test]
    fn samples_are_joined_beside_and_after_each_other() {
        let sample = |values: &[i64], seconds| Sample {
            microseconds: values.to_vec(),
            elapsed: Duration::from_secs(seconds),
            ..Sample::default()
        };
        let mut beside = sample(&[3000, 1000], 2);
        beside.beside(sample(&[2000], 1));
        assert_eq!(
            beside.clone().summary().map(|s| (s.count, s.per_second, s.p50_ms)),
            Some((3, Some(1.5), 2.0))
        );
        beside.then(sample(&[4000], 2));
        assert_eq!(beside.summary().map(|s| (s.count, s.per_second, s.p99_ms)), Some((4, Some(1.0), 4.0)));
    }

    #[test]
    fn failures_are_counted_and_the_first_is_told() {
        let mut sample = Sample::default();
        for word in ["first", "second"] {
            sample.add(Err(anyhow::anyhow!(word)), Duration::from_millis(1));
        }
        assert_eq!((sample.errors, sample.first_error.as_deref()), (2, Some("first")));
        assert_eq!(sample.clone().summary(), None, "failures are no measurement");
        sample.add(Ok(()), Duration::from_millis(2));
        assert_eq!(sample.summary().map(|s| (s.count, s.errors, s.per_second)), Some((1, 2, None)));
    }
}
