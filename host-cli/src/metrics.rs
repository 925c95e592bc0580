//! What each node did, as a table.

use std::time::Duration;

use pipeline_host::types::NodeMetrics;

/// A table with a line for each node.
pub(crate) fn table(metrics: &[NodeMetrics]) -> String {
    let all: u64 = metrics.iter().map(|node| node.nanoseconds).sum();
    let head = ["node", "items in", "items out", "time", "share", "per item"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(metrics.iter().map(|node| {
        let items = node.items_in.max(node.items_out);
        [
            node.node_id.clone(),
            node.items_in.to_string(),
            node.items_out.to_string(),
            time(node.nanoseconds),
            match all {
                0 => "-".to_owned(),
                all => format!("{:.0} %", 100.0 * node.nanoseconds as f64 / all as f64),
            },
            match items {
                0 => "-".to_owned(),
                items => time(node.nanoseconds / items),
            },
        ]
    }));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, &width))| match column {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A time in the unit that suits it.
pub(crate) fn time(nanoseconds: u64) -> String {
    let seconds = Duration::from_nanos(nanoseconds).as_secs_f64();
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} µs", seconds * 1e6),
        1_000_000..1_000_000_000 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let node = |id: &str, items, nanoseconds| NodeMetrics {
            node_id: id.to_owned(),
            items_in: items,
            items_out: items,
            nanoseconds,
        };
        let table = table(&[node("a", 10, 1_500_000), node("longer", 0, 500_000)]);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("a             10"), "{table}");
        assert!(lines[1].ends_with("75 %  150.0 µs"), "{table}");
        assert!(lines[2].ends_with("500.0 µs   25 %         -"), "{table}");
    }
}
