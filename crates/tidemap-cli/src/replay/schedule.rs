//! The order of operations under `--scale`: copies of one stream, interleaved.
//!
//! Every copy runs the whole stream in its own order over its own keys. Which
//! copy goes next is drawn evenly among those that are not done, by a generator
//! that starts from the seed. Nothing is materialised: a copy is a cursor.

/// The next operation: which of the stream, for which copy of the key space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Index into the stream's operations.
    pub at: usize,
    /// Copy of the key space, from 0.
    pub copy: u32,
}

/// Deals out turns.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// Copies that are not done, with their next operation.
    active: Vec<Turn>,
    op_count: usize,
    state: u64,
}

impl Schedule {
    /// For `scale` copies of a stream of `op_count` operations.
    pub(crate) fn new(op_count: usize, scale: u32, seed: u64) -> Self {
        let active = (0..scale).map(|copy| Turn { at: 0, copy }).collect();
        Schedule {
            active,
            op_count,
            state: seed,
        }
    }

    /// The next turn. Callers ask at most `op_count * scale` times.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Turn {
        let chosen = if self.active.len() == 1 {
            0
        } else {
            self.draw()
        };
        let turn = self.active[chosen];
        self.active[chosen].at += 1;
        if turn.at + 1 == self.op_count && self.active.len() > 1 {
            self.active.swap_remove(chosen);
        }
        turn
    }

    /// An index below `active.len()`: splitmix64, reduced by multiplication.
    #[inline(always)]
    fn draw(&mut self) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let random = mix(self.state);
        ((u128::from(random) * self.active.len() as u128) >> 64) as usize
    }
}

/// A bijection of 64-bit words that leaves no visible pattern (splitmix64's).
#[inline(always)]
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(op_count: usize, scale: u32, seed: u64) -> Vec<Turn> {
        let mut schedule = Schedule::new(op_count, scale, seed);
        (0..op_count * scale as usize)
            .map(|_| schedule.next())
            .collect()
    }

    #[test]
    fn every_copy_runs_the_stream_in_order() {
        for scale in [1, 2, 7] {
            let all = turns(50, scale, 3);
            for copy in 0..scale {
                let own: Vec<usize> = all
                    .iter()
                    .filter(|turn| turn.copy == copy)
                    .map(|turn| turn.at)
                    .collect();
                assert_eq!(own, (0..50).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_seed_fixes_the_order() {
        assert_eq!(turns(40, 5, 1), turns(40, 5, 1));
        assert_ne!(turns(40, 5, 1), turns(40, 5, 2));
        assert_eq!(turns(40, 1, 1), turns(40, 1, 2), "one copy has one order");
    }
}
