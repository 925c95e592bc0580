//! The page: one file that needs nothing else.

use super::Profiled;
use super::flame::{SCRIPT, flame};
use super::timeline::timeline;
use crate::drawing::{Picture, SvgBox, escaped, svg};
use crate::metrics::time;

/// The page of a run.
pub(crate) fn page(profiled: &Profiled<'_>) -> String {
    let name = escaped(profiled.name);
    let ids = &profiled.graph.execution_order;
    let whole: u64 = ids.iter().map(|id| profiled.nanoseconds(id)).sum();
    let picture = Picture::of(profiled.manifest, profiled.graph);
    let drawing = match picture.is_drawable() {
        true => svg(&picture, &boxes(profiled, &picture, whole)),
        false => "<p>It has too many nodes to be drawn.</p>".to_owned(),
    };
    let error = profiled.error.map_or(String::new(), |error| {
        let node = error.node_id.as_deref().map_or(String::new(), |node| {
            format!("Node <code>{}</code> failed: ", escaped(node))
        });
        format!("<p class=\"error\">{node}{}</p>\n", escaped(&error.message))
    });
    let (timeline, flame) = (timeline(profiled), flame(profiled));
    let table = table(profiled, whole);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}: where the time went</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{name}</h1>\n<p>{} in nodes. Python is slower while it is watched: compare, don't add up.</p>\n\
         {error}<h2>Pipeline</h2>\n<div class=\"wide\" tabindex=\"0\">{drawing}</div>\n\
         <h2>Nodes</h2>\n{table}\
         <h2>Timeline</h2>\n<div class=\"wide\" tabindex=\"0\">{timeline}</div>\n\
         <h2>Functions</h2>\n<p>As wide as the time that they took; a click makes one as wide as the page.</p>\n\
         {flame}</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        time(whole)
    )
}

fn boxes(profiled: &Profiled<'_>, picture: &Picture<'_>, whole: u64) -> Vec<SvgBox> {
    let one = |id: &str| {
        let nanoseconds = profiled.nanoseconds(id);
        let share = if whole == 0 {
            0.0
        } else {
            nanoseconds as f64 / whole as f64
        };
        let metrics = profiled.metrics.iter().find(|it| it.node_id == id);
        let failure = profiled
            .error
            .filter(|error| error.node_id.as_deref() == Some(id));
        let mut lines = Vec::new();
        if let Some(metrics) = metrics {
            lines.push(format!(
                "{} in, {} out",
                metrics.items_in, metrics.items_out
            ));
        }
        lines.push(format!("{} ({:.0} %)", time(nanoseconds), 100.0 * share));
        if let Some(item) = failure.and_then(|error| error.item) {
            lines.push(format!("failed on item {item}"));
        }
        SvgBox {
            lines,
            class: if failure.is_some() { "failed" } else { "" }.to_owned(),
            title: failure
                .map(|error| error.message.clone())
                .unwrap_or_default(),
            heat: failure.is_none().then_some(share),
        }
    };
    picture.nodes.iter().map(|node| one(node.id)).collect()
}

fn table(profiled: &Profiled<'_>, whole: u64) -> String {
    let row = |id: &String| {
        let metrics = profiled.metrics.iter().find(|it| it.node_id == *id);
        let count = |count: Option<u64>| count.map_or("?".to_owned(), |count| count.to_string());
        let nanoseconds = profiled.nanoseconds(id);
        let share = match whole {
            0 => 0.0,
            whole => 100.0 * nanoseconds as f64 / whole as f64,
        };
        let spec = profiled.manifest.nodes.iter().find(|spec| spec.id == *id);
        format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{share:.1} %</td></tr>\n",
            escaped(id),
            spec.map_or(String::new(), |spec| escaped(&spec.node_type)),
            count(metrics.map(|it| it.items_in)),
            count(metrics.map(|it| it.items_out)),
            time(nanoseconds),
        )
    };
    let rows: String = profiled.graph.execution_order.iter().map(row).collect();
    format!(
        "<table><thead><tr><th scope=\"col\">Node</th><th scope=\"col\">Type</th><th scope=\"col\">Items in</th>\
         <th scope=\"col\">Items out</th><th scope=\"col\">Time</th><th scope=\"col\">Share</th></tr></thead>\n\
         <tbody>\n{rows}</tbody></table>\n"
    )
}

const STYLE: &str = "\
:root{color-scheme:light}\
body{font:15px/1.5 system-ui,sans-serif;color:#1c2430;background:#fff;margin:0}\
main{max-width:1100px;margin:0 auto;padding:1.5rem}\
h1{margin:0 0 .3rem;font-size:1.5rem}h2{margin:1.8rem 0 .6rem;font-size:1.1rem}\
.wide{overflow-x:auto}\
.error{background:#fde3e1;border-left:4px solid #b3261e;padding:.6rem .8rem;white-space:pre-wrap}\
table{border-collapse:collapse}th,td{padding:.25rem .8rem;text-align:right;border-bottom:1px solid #d8dee8}\
th:first-child,:is(th,td):nth-child(2){text-align:left}\
.timeline text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1c2430}\
.timeline line{stroke:#d8dee8}.timeline path{fill:#e08a2e}\
.flame{position:relative;overflow:hidden}\
.flame button{position:absolute;height:19px;box-sizing:border-box;border:1px solid #fff;border-radius:2px;\
padding:0 4px;font:11px/17px ui-monospace,Menlo,Consolas,monospace;color:#1c2430;text-align:left;\
white-space:nowrap;overflow:hidden;cursor:pointer}";
