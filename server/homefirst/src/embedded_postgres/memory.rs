//! How much memory our own Postgres keeps its tables in, <https://www.postgresql.org/docs/current/runtime-config-resource.html>.

use std::fs;

/// In megabytes: where nothing is known of the machine, the least and the most.
const UNKNOWN: u64 = 256;
const LEAST: u64 = 128;
const MOST: u64 = 2048;

/// A quarter of the memory that there is, in megabytes. What is not used is not taken from the machine.
pub(super) fn shared_buffers() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| of_machine(&text));
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| of_limit(&text));
    machine.into_iter().chain(limit).min().map_or(UNKNOWN, |memory| (memory / 4).clamp(LEAST, MOST))
}

/// In megabytes, of what Linux says of its memory.
fn of_machine(meminfo: &str) -> Option<u64> {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    total.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

/// In megabytes, of the limit of a container; `None` where there is none.
fn of_limit(memory_max: &str) -> Option<u64> {
    memory_max.trim().parse::<u64>().ok().map(|bytes| bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_what_there_is() {
        assert_eq!(of_machine("MemTotal:       24576000 kB\nMemFree:  1 kB\n"), Some(24_000));
        assert_eq!(of_machine("MemFree:  1 kB\n"), None);
        assert_eq!(of_limit("2147483648\n"), Some(2048));
        assert_eq!(of_limit("max\n"), None);
        assert!((LEAST..=MOST).contains(&shared_buffers()));
    }
}
