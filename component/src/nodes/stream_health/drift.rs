//! How well a stream keeps its time: whether it arrives as fast as it plays,
//! in equal steps, and with content that changes. The measures and their
//! alerts are those of the SDK's `DriftMetrics`.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::audio::check;
use super::super::events::AudioClock;
use super::super::params::Param;
use crate::node::NodeError;
use crate::value::{Media, Value};

/// A jump of the media's time that begins the stream anew.
const DISCONTINUITY_US: u64 = 2_000_000;
/// Intervals that the cadence is taken of.
const INTERVALS: usize = 1000;
/// Pieces before the first alert, so that the measures settle.
const WARM_UP: u32 = 50;
/// Share of the newest piece in the smoothed slope.
const ALPHA: f64 = 0.1;
/// Pieces of the same content that are frozen, if they last.
const SAME: u32 = 3;

/// What an alert is raised for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alert {
    DriftSlope,
    LeadJump,
    AvSkew,
    Freeze,
    CadenceUnstable,
    HealthLow,
}

impl Alert {
    pub(super) const ALL: [(Self, &'static str); 6] = [
        (Self::DriftSlope, "DRIFT_SLOPE"),
        (Self::LeadJump, "LEAD_JUMP"),
        (Self::AvSkew, "AV_SKEW"),
        (Self::Freeze, "FREEZE"),
        (Self::CadenceUnstable, "CADENCE_UNSTABLE"),
        (Self::HealthLow, "HEALTH_LOW"),
    ];
}

/// Which alerts are raised.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Alerts([bool; Alert::ALL.len()]);

impl Alerts {
    pub(super) fn has(self, alert: Alert) -> bool {
        self.0[alert as usize]
    }

    /// Those raised in either.
    pub(super) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] || other.0[at]))
    }

    /// Those that are not raised in the other.
    pub(super) fn beyond(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] && !other.0[at]))
    }
}

/// From where on something is wrong.
#[derive(Clone)]
pub(super) struct Thresholds {
    pub(super) slope_ms_per_s: f64,
    pub(super) lead_jump_us: u64,
    pub(super) av_skew_us: u64,
    pub(super) freeze_us: u64,
    pub(super) cadence_cv: f64,
    pub(super) health: f64,
    /// Pieces in a row that raise an alert, and that clear it.
    pub(super) raises: u32,
    pub(super) clears: u32,
}

/// An alert that needs several pieces in a row to change.
#[derive(Clone, Copy, Default)]
struct Hysteresis {
    is_raised: bool,
    against: u32,
}

impl Hysteresis {
    fn update(&mut self, is_wrong: bool, raises: u32, clears: u32) {
        if is_wrong == self.is_raised {
            self.against = 0;
            return;
        }
        self.against += 1;
        let needed = if self.is_raised { clears } else { raises };
        if self.against >= needed {
            self.is_raised = is_wrong;
            self.against = 0;
        }
    }
}

/// The measures of one stream of media.
pub(super) struct Drift {
    thresholds: Thresholds,
    /// Arrival and media time of the piece that leads are relative to.
    origin: Option<(u64, u64)>,
    /// The same of the last piece, and its lead.
    last: Option<(u64, u64, i64)>,
    jump_us: u64,
    slope: f64,
    intervals: VecDeque<u64>,
    /// The last content, how often it came again, and when it arrived first.
    content: Option<(u64, u32, u64)>,
    /// How far the other medium is ahead, in microseconds.
    pub(super) av_skew_us: i64,
    alerts: [Hysteresis; Alert::ALL.len()],
    pieces: u32,
}

impl Drift {
    pub(super) fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            origin: None,
            last: None,
            jump_us: 0,
            slope: 0.0,
            intervals: VecDeque::new(),
            content: None,
            av_skew_us: 0,
            alerts: Default::default(),
            pieces: 0,
        }
    }

    /// Takes the next piece: when it plays and when it arrived, in
    /// microseconds, and a hash of what is in it, if that counts.
    pub(super) fn record(&mut self, media: u64, arrival: u64, content: Option<u64>) {
        self.pieces = self.pieces.saturating_add(1);
        let is_anew = self
            .last
            .is_some_and(|(_, last, _)| media < last || media - last > DISCONTINUITY_US);
        if is_anew {
            self.origin = None;
            self.last = None;
            self.alerts = Default::default();
        }
        let (first_arrival, first_media) = *self.origin.get_or_insert((arrival, media));
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let lead = signed(arrival.saturating_sub(first_arrival))
            - signed(media.saturating_sub(first_media));
        self.jump_us = 0;
        if let Some((last_arrival, last_media, last_lead)) = self.last {
            let change = lead - last_lead;
            self.jump_us = change.unsigned_abs();
            if arrival > last_arrival {
                let slope = change as f64 / (arrival - last_arrival) as f64 * 1000.0;
                self.slope = ALPHA * slope + (1.0 - ALPHA) * self.slope;
            }
            if self.intervals.len() == INTERVALS {
                self.intervals.pop_front();
            }
            self.intervals.push_back(media - last_media);
        }
        self.last = Some((arrival, media, lead));
        self.content = content.map(|content| match self.content {
            Some((last, times, since)) if last == content => (last, times + 1, since),
            _ => (content, 0, arrival),
        });
        if !self.is_warming_up() {
            self.update();
        }
    }

    fn update(&mut self) {
        let limits = &self.thresholds;
        let wrong = [
            self.slope.abs() > limits.slope_ms_per_s,
            self.jump_us > limits.lead_jump_us,
            self.av_skew_us.unsigned_abs() > limits.av_skew_us,
            self.frozen_us().is_some(),
            self.cadence_cv() > limits.cadence_cv,
            self.health() < limits.health,
        ];
        for (alert, is_wrong) in self.alerts.iter_mut().zip(wrong) {
            alert.update(is_wrong, limits.raises, limits.clears);
        }
    }

    /// Whether it is too early for alerts.
    pub(super) fn is_warming_up(&self) -> bool {
        self.pieces <= WARM_UP
    }

    /// How much more time passed at the arrival than in the media since the
    /// first piece.
    pub(super) fn lead_us(&self) -> i64 {
        self.last.map_or(0, |(_, _, lead)| lead)
    }

    /// By how many milliseconds a second that changes, smoothed.
    pub(super) fn slope_ms_per_s(&self) -> f64 {
        self.slope
    }

    /// The coefficient of variation of the pieces' intervals: their standard
    /// deviation, relative to their mean.
    pub(super) fn cadence_cv(&self) -> f64 {
        let (mean, deviation) = deviation(self.intervals.iter().copied());
        match self.intervals.len() < 2 || mean < 1.0 {
            true => 0.0,
            false => deviation / mean,
        }
    }

    /// For how long the content has been the same, if it is frozen.
    pub(super) fn frozen_us(&self) -> Option<u64> {
        let (_, times, since) = self.content?;
        let (now, ..) = self.last?;
        let lasts = now.saturating_sub(since);
        (times >= SAME && lasts > self.thresholds.freeze_us).then_some(lasts)
    }

    /// From 0 to 1.
    pub(super) fn health(&self) -> f64 {
        let limits = &self.thresholds;
        let part = |value: f64, limit: f64| match value == 0.0 {
            true => 0.0,
            false => (value / limit).min(1.0),
        };
        let skew = self.av_skew_us.unsigned_abs() as f64;
        let frozen = f64::from(u8::from(self.frozen_us().is_some()));
        let penalty = 0.3 * part(self.slope.abs(), limits.slope_ms_per_s)
            + 0.2 * part(skew, limits.av_skew_us as f64)
            + 0.2 * part(self.cadence_cv(), limits.cadence_cv)
            + 0.3 * frozen;
        (1.0 - penalty).max(0.0)
    }

    pub(super) fn alerts(&self) -> Alerts {
        Alerts(self.alerts.map(|alert| alert.is_raised))
    }
}

/// The mean and the standard deviation.
pub(super) fn deviation(values: impl Iterator<Item = u64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().map(|value| value as f64).sum::<f64>() / count;
    let squares = values.map(|value| (value as f64 - mean).powi(2));
    (mean, (squares.sum::<f64>() / count).sqrt())
}

/// What nodes about timing say of `wall_clock`.
pub(super) const WALL_CLOCK: Param = Param::flag(
    "wall_clock",
    false,
    "Whether media arrive when the node gets them, for a stream that is live. Otherwise they \
     arrive when the item says (arrival_ts_us in its metadata), or else in time.",
);

/// When a piece of media plays and when it arrived, in microseconds.
pub(super) struct Arrivals {
    wall_clock: bool,
    clock: AudioClock,
}

impl Arrivals {
    pub(super) fn new(wall_clock: bool) -> Self {
        Self {
            wall_clock,
            clock: AudioClock::default(),
        }
    }

    /// The times of audio or a video frame; of other items there are none.
    pub(super) fn of(&mut self, item: &Value) -> Result<Option<(u64, u64)>, NodeError> {
        let Value::Media(medium) = item else {
            return Ok(None);
        };
        let (media, metadata) = match &**medium {
            Media::Audio(audio) => {
                check(audio)?;
                (self.clock.next(audio), audio.metadata.as_ref())
            }
            Media::Video(frame) => (frame.timestamp_us, None),
            _ => return Ok(None),
        };
        let said = match metadata.and_then(|metadata| metadata.get("arrival_ts_us")) {
            Some(Value::Int(time)) => u64::try_from(*time).ok(),
            _ => None,
        };
        let arrival = match said {
            Some(time) => time,
            None if self.wall_clock => wall_clock(),
            None => media,
        };
        Ok(Some((media, arrival)))
    }
}

fn wall_clock() -> u64 {
    crate::observed::clock();
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drift(raises: u32) -> Drift {
        Drift::new(Thresholds {
            slope_ms_per_s: 5.0,
            lead_jump_us: 100_000,
            av_skew_us: 80_000,
            freeze_us: 500_000,
            cadence_cv: 0.3,
            health: 0.7,
            raises,
            clears: 2,
        })
    }

    /// Names of the alerts that are raised.
    fn raised(drift: &Drift) -> Vec<&'static str> {
        let all = Alert::ALL.into_iter();
        all.filter(|&(alert, _)| drift.alerts().has(alert))
            .map(|(_, name)| name)
            .collect()
    }

    #[test]
    fn the_lead_is_relative_to_the_first_piece() {
        let mut drift = drift(1);
        let leads = [(1000, 2000), (2000, 3000), (3000, 4500)].map(|(media, arrival)| {
            drift.record(media, arrival, None);
            drift.lead_us()
        });
        assert_eq!(leads, [0, 0, 500]);
        // 500 µs in 1500 µs, of which a tenth counts.
        assert!((drift.slope_ms_per_s() - 100.0 / 3.0).abs() < 1e-9);
        drift.record(10_000_000, 5000, None);
        assert_eq!(drift.lead_us(), 0);
    }

    #[test]
    fn a_steady_stream_raises_nothing_and_one_that_drifts_does() {
        let (mut steady, mut drifts) = (drift(3), drift(3));
        for n in 0..100_u64 {
            steady.record(n * 20_000, n * 20_000, None);
            drifts.record(n * 20_000, n * 20_200, None);
            if n < 52 {
                assert_eq!(raised(&drifts), [""; 0]);
            }
        }
        assert_eq!(raised(&steady), [""; 0]);
        assert_eq!(steady.health(), 1.0);
        assert_eq!(raised(&drifts), ["DRIFT_SLOPE"]);
        assert!((drifts.slope_ms_per_s() - 9.9).abs() < 0.1);
        assert!((drifts.health() - 0.7).abs() < 1e-9);
    }

    #[test]
    fn uneven_steps_and_frozen_content_are_noticed() {
        let mut uneven = drift(1);
        let mut media = 0;
        for n in 0..60 {
            media += if n % 2 == 0 { 10_000 } else { 40_000 };
            uneven.record(media, media, Some(7));
        }
        // Steps of 10 and 40 ms: 15 ms around 25 ms.
        assert!((uneven.cadence_cv() - 0.6).abs() < 0.01);
        assert_eq!(
            raised(&uneven),
            ["FREEZE", "CADENCE_UNSTABLE", "HEALTH_LOW"]
        );
        assert_eq!(uneven.frozen_us(), Some(media - 10_000));
        for n in 0..2 {
            media += 25_000;
            uneven.record(media, media, Some(n));
        }
        assert_eq!(raised(&uneven), ["CADENCE_UNSTABLE"]);
    }

    #[test]
    fn skew_between_media_weighs() {
        let mut drift = drift(1);
        drift.av_skew_us = -90_000;
        (0..60).for_each(|n| drift.record(n, n, None));
        assert_eq!(raised(&drift), ["AV_SKEW"]);
        assert!((drift.health() - 0.8).abs() < 1e-9);
    }
}
