//! How busy each node was over the time of the run.

use std::fmt::Write as _;

use super::Profiled;
use crate::drawing::escaped;
use crate::metrics::time;

const WIDTH: f64 = 800.0;
const ROW: f64 = 26.0;
const LABEL: f64 = 170.0;
/// How many characters of an id are shown.
const LONGEST: usize = 22;

/// The timeline, as SVG.
pub(super) fn timeline(profiled: &Profiled<'_>) -> String {
    let profile = &profiled.profile;
    let parts = profile.busy.values().map(Vec::len).max().unwrap_or(0);
    if parts == 0 || profile.part == 0 {
        return "<p>Nothing was told of it.</p>".to_owned();
    }
    let ids = &profiled.graph.execution_order;
    let height = ROW * ids.len() as f64 + 24.0;
    let full = LABEL + WIDTH + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\" role=\"img\" \
         aria-label=\"How busy each node was over time\" width=\"{full:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {full:.0} {height:.0}\">\n"
    );
    let step = WIDTH / parts as f64;
    for (row, id) in ids.iter().enumerate() {
        let base = ROW * (row + 1) as f64;
        let label: String = match id.chars().count() > LONGEST {
            true => id.chars().take(LONGEST - 1).chain(['…']).collect(),
            false => id.clone(),
        };
        // Writing to a string can't fail.
        let _ = writeln!(
            svg,
            "<text x=\"0\" y=\"{:.1}\">{}</text><line x1=\"{LABEL}\" x2=\"{}\" y1=\"{base}\" y2=\"{base}\"/>",
            base - 7.0,
            escaped(&label),
            LABEL + WIDTH
        );
        let Some(busy) = profile.busy.get(id) else {
            continue;
        };
        let mut path = format!("M{LABEL},{base}");
        for (at, nanoseconds) in busy.iter().enumerate() {
            let tall = (*nanoseconds as f64 / profile.part as f64).min(1.0) * (ROW - 6.0);
            let _ = write!(
                path,
                " H{:.2} V{:.2}",
                LABEL + step * at as f64,
                base - tall
            );
        }
        let _ = writeln!(
            svg,
            "<path d=\"{path} H{:.2} V{base} z\"><title>{}: {}</title></path>",
            LABEL + step * busy.len() as f64,
            escaped(id),
            time(super::sum(busy))
        );
    }
    let end = time(profile.part.saturating_mul(parts as u64));
    let y = height - 6.0;
    let _ = writeln!(
        svg,
        "<text x=\"{LABEL}\" y=\"{y}\">0</text>\
         <text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{end}</text></svg>",
        LABEL + WIDTH
    );
    svg
}
