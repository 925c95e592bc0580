//! What was measured, and how it is written down.

use std::fmt::Write as _;

use pipeline_benches::Machine;
use serde::Serialize;

/// One thing that was measured several times.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    /// As they were taken, in order.
    pub(crate) samples: Vec<f64>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, samples: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            unit,
            samples,
        }
    }

    pub(crate) fn one(name: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self::new(name, unit, vec![value])
    }

    /// The value that a fraction of the samples doesn't exceed.
    pub(crate) fn quantile(&self, fraction: f64) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        let at = (last as f64 * fraction).round() as usize;
        sorted.get(at).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// A promise, and whether this run kept it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Bar {
    pub(crate) promise: String,
    pub(crate) measured: f64,
    pub(crate) limit: f64,
    pub(crate) met: bool,
}

impl Bar {
    pub(crate) fn at_most(promise: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self {
            promise: promise.into(),
            measured,
            limit,
            met: measured <= limit,
        }
    }

    pub(crate) fn at_least(promise: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self {
            promise: promise.into(),
            measured,
            limit,
            met: measured >= limit,
        }
    }
}

/// A part of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) notes: Vec<String>,
}

impl Section {
    pub(crate) fn new(id: &'static str, title: &'static str) -> Self {
        Self {
            id,
            title,
            rows: Vec::new(),
            bars: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, row: Row) -> &Row {
        let at = self.rows.len();
        self.rows.push(row);
        &self.rows[at]
    }
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) machine: Machine,
    pub(crate) sections: Vec<Section>,
}

/// The tables, for people.
pub(crate) fn markdown(record: &Record) -> String {
    let mut text = String::new();
    let machine = &record.machine;
    let _ = writeln!(
        text,
        "{}, commit {}: {}, {} cores, Linux {}; wasmtime {}, {}, native {}. Load {:.1} before, {:.1} after.\n",
        machine.date,
        machine.commit,
        machine.processor,
        machine.cores,
        machine.kernel,
        machine.wasmtime,
        machine.rust,
        machine.python,
        machine.load[0],
        machine.load[1],
    );
    for section in &record.sections {
        let _ = write!(text, "{}", section_text(section));
    }
    text
}

/// One section, for people.
pub(crate) fn section_text(section: &Section) -> String {
    let mut text = format!("### ({}) {}\n\n", section.id, section.title);
    if !section.rows.is_empty() {
        text.push_str(
            "| | median | 5% – 95% | 99% | samples |\n| --- | ---: | ---: | ---: | ---: |\n",
        );
    }
    for row in &section.rows {
        let many = row.samples.len() > 1;
        let spread = match many {
            true => format!(
                "{} – {}",
                number(row.quantile(0.05)),
                number(row.quantile(0.95))
            ),
            false => String::new(),
        };
        let late = match row.samples.len() >= 100 {
            true => number(row.quantile(0.99)),
            false => String::new(),
        };
        let _ = writeln!(
            text,
            "| {} | {} {} | {spread} | {late} | {} |",
            row.name,
            number(row.median()),
            row.unit,
            row.samples.len(),
        );
    }
    if !section.bars.is_empty() {
        text.push_str("\n| promise | measured | limit | kept |\n| --- | ---: | ---: | --- |\n");
    }
    for bar in &section.bars {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            bar.promise,
            number(bar.measured),
            number(bar.limit),
            if bar.met { "yes" } else { "**no**" },
        );
    }
    for note in &section.notes {
        let _ = writeln!(text, "\n{note}");
    }
    text.push('\n');
    text
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let row = Row::new("x", "ms", vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!(row.median(), 3.0);
        assert_eq!(row.quantile(0.0), 1.0);
        assert_eq!(row.quantile(1.0), 5.0);
        assert!(Row::new("none", "ms", vec![]).median().is_nan());
    }
}
