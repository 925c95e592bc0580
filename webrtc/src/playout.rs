//! When packets of audio leave: a pipeline may give a minute of speech at once, and
//! a peer takes it as it plays it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::PIECE;

/// What a packet holds.
const STEP: Duration = Duration::from_millis(20);
/// How much earlier than it is played a packet may leave.
const AHEAD: Duration = Duration::from_millis(40);
/// How late a packet may be and still be played right after the one before; what is
/// later follows a silence.
const PAUSE: Duration = Duration::from_millis(100);
/// How many packets wait.
const HELD: usize = 8;

/// Packets that wait for their time.
#[derive(Default)]
pub(crate) struct Playout {
    packets: VecDeque<Vec<u8>>,
    /// When the next one is due, and the sender's clock then, in frames.
    next: Option<(Instant, u64)>,
}

/// A packet that leaves now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leaving {
    /// The sender's clock at its first frame.
    pub(crate) clock: u64,
    pub(crate) packet: Vec<u8>,
}

impl Playout {
    /// Whether more is taken.
    pub(crate) fn has_room(&self) -> bool {
        self.packets.len() < HELD
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub(crate) fn push(&mut self, packet: Vec<u8>) {
        self.packets.push_back(packet);
    }

    /// When the next packet may leave; none where none waits.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.packets.front()?;
        // Without one before it, it may leave at once: any time in the past is.
        let due = self.next.map(|(due, _)| due);
        due.and_then(|due| due.checked_sub(AHEAD))
            .or_else(|| Some(Instant::now()))
    }

    /// The packet that may leave now.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Leaving> {
        self.packets.front()?;
        let (mut due, mut clock) = self.next.unwrap_or((now, 0));
        let late = now.saturating_duration_since(due);
        if late > PAUSE {
            let steps = (late.as_nanos() / STEP.as_nanos()) as u64;
            due = now;
            clock = clock.saturating_add(steps.saturating_mul(PIECE as u64));
        }
        if due > now + AHEAD {
            return None;
        }
        self.next = Some((due + STEP, clock + PIECE as u64));
        let packet = self.packets.pop_front()?;
        Some(Leaving { clock, packet })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_at_once_leaves_as_it_is_played() {
        let mut playout = Playout::default();
        let start = Instant::now();
        for n in 0..8 {
            assert!(playout.has_room());
            playout.push(vec![n]);
        }
        assert!(!playout.has_room());
        let mut clocks = Vec::new();
        for _ in 0..3 {
            clocks.push(playout.pop(start).unwrap().clock);
        }
        assert_eq!(clocks, [0, 960, 1920]);
        assert_eq!(playout.pop(start), None);
        assert_eq!(playout.deadline(), Some(start + STEP));
        assert_eq!(playout.pop(start + STEP).unwrap().clock, 2880);
        assert_eq!(playout.pop(start + STEP), None);
    }

    #[test]
    fn a_silence_is_a_step_of_the_clock_and_a_delay_is_none() {
        let mut playout = Playout::default();
        let start = Instant::now();
        playout.push(vec![0]);
        assert_eq!(playout.pop(start).unwrap().clock, 0);
        assert_eq!(playout.deadline(), None);
        playout.push(vec![1]);
        // Due after 20 ms, and 60 ms later than that.
        assert_eq!(playout.pop(start + 4 * STEP).unwrap().clock, 960);
        playout.push(vec![2]);
        let later = start + Duration::from_secs(1);
        assert_eq!(playout.pop(later).unwrap().clock, 1920 + 48 * 960);
        playout.push(vec![3]);
        assert_eq!(playout.pop(later).unwrap().clock, 1920 + 49 * 960);
    }
}
