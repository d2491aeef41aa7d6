//! Remembers what was written, so that it can be read again in no particular order.
//!
//! The order of reading is pseudo-random and the same in every run.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Both sides of a comparison read from as many.
const MOST: usize = 20_000;

/// The keys of what was written, shared by all connections.
pub struct Known<T> {
    keys: Rc<RefCell<Vec<T>>>,
    state: Rc<Cell<u64>>,
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Self {
        Self { keys: Rc::clone(&self.keys), state: Rc::clone(&self.state) }
    }
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { keys: Rc::default(), state: Rc::new(Cell::new(0x9e37_79b9_7f4a_7c15)) }
    }
}

impl<T: Clone> Known<T> {
    /// Remembers one key, unless there are enough.
    pub fn add(&self, key: T) {
        let mut keys = self.keys.borrow_mut();
        if keys.len() < MOST {
            keys.push(key);
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.keys.borrow().len()
    }

    /// Forgets all but the first ones.
    pub fn shorten(&self, count: usize) {
        self.keys.borrow_mut().truncate(count);
    }

    /// Any one of them.
    pub fn pick(&self) -> Option<T> {
        let keys = self.keys.borrow();
        let count = u64::try_from(keys.len()).ok().filter(|count| *count > 0)?;
        let place = usize::try_from(next(&self.state) % count).ok()?;
        keys.get(place).cloned()
    }
}

/// xorshift64*: cheap, and random enough to visit pages in no order.
fn next(state: &Cell<u64>) -> u64 {
    let mut x = state.get();
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    state.set(x);
    x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn everything_that_is_remembered_is_picked_sooner_or_later() {
        let known = Known::default();
        assert_eq!(known.pick(), None);
        for key in 0..50 {
            known.add(key);
        }
        let picked: HashSet<i32> = (0..2000).filter_map(|_| known.clone().pick()).collect();
        assert_eq!(picked.len(), 50);
        known.shorten(3);
        assert_eq!(known.count(), 3);
        assert!((0..100).all(|_| known.pick().is_some_and(|key| key < 3)));
    }
}
