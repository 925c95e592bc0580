//! A pipeline as a picture, from left to right.

use std::fmt::Write as _;

use super::Picture;
use super::layout::{Place, layout};

const CHARACTER: f64 = 7.3;
const LINE: f64 = 17.0;
const PAD: f64 = 12.0;
const BETWEEN_LAYERS: f64 = 64.0;
const BETWEEN_BOXES: f64 = 22.0;
const MARGIN: f64 = 12.0;

/// What stands in a box besides the node's id and type, and how it looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Box {
    pub(crate) lines: Vec<String>,
    /// Words of CSS.
    pub(crate) class: String,
    /// What a pointer shows.
    pub(crate) title: String,
    /// The share of the whole, from 0 to 1, that colours the box.
    pub(crate) heat: Option<f64>,
}

/// Draws a pipeline; `boxes` says what is in the nodes' boxes.
pub(crate) fn svg(picture: &Picture<'_>, boxes: &[Box]) -> String {
    let layout = layout(picture.nodes.len(), &picture.edges);
    let lines = |at: usize| boxes.get(at).map_or(&[][..], |it| &it.lines);
    let width = |place: &Place| match place {
        Place::Node(at) => {
            let node = &picture.nodes[*at];
            let own = [node.id, node.node_type].map(|text| text.chars().count());
            let more = lines(*at).iter().map(|line| line.chars().count());
            let longest = own.into_iter().chain(more).max().unwrap_or(0);
            longest as f64 * CHARACTER + 2.0 * PAD
        }
        Place::Pass => 0.0,
    };
    let height = |place: &Place| match place {
        Place::Node(at) => (2 + lines(*at).len()) as f64 * LINE + 2.0 * PAD - 4.0,
        Place::Pass => LINE,
    };
    let tall = |layer: &Vec<Place>| {
        layer.iter().map(height).sum::<f64>() + BETWEEN_BOXES * (layer.len().max(1) - 1) as f64
    };
    let tallest = layout.layers.iter().map(tall).fold(0.0, f64::max);
    let mut x = MARGIN;
    // Of each place: left, right, and the middle from top to bottom.
    let mut spans: Vec<Vec<(f64, f64, f64)>> = Vec::new();
    let mut body = String::new();
    for layer in &layout.layers {
        let wide = layer.iter().map(width).fold(0.0, f64::max);
        let mut y = MARGIN + (tallest - tall(layer)) / 2.0;
        let mut here = Vec::new();
        for place in layer {
            let (w, h) = (width(place), height(place));
            let left = x + (wide - w) / 2.0;
            here.push(match place {
                Place::Node(_) => (left, left + w, y + h / 2.0),
                Place::Pass => (x, x + wide, y + h / 2.0),
            });
            if let Place::Node(at) = place {
                draw(&mut body, picture, boxes, *at, (left, y, w, h));
            }
            y += h + BETWEEN_BOXES;
        }
        spans.push(here);
        x += wide + BETWEEN_LAYERS;
    }
    let mut edges = String::new();
    for way in &layout.ways {
        let mut path = String::new();
        for (at, piece) in way.iter().map(|piece| layout.pieces[*piece]).enumerate() {
            let (_, from_x, from_y) = spans[piece.layer][piece.from];
            let (to_x, to_right, to_y) = spans[piece.layer + 1][piece.to];
            if at == 0 {
                let _ = write!(path, "M{from_x:.1},{from_y:.1}");
            }
            let middle = (from_x + to_x) / 2.0;
            let _ = write!(
                path,
                " C{middle:.1},{from_y:.1} {middle:.1},{to_y:.1} {to_x:.1},{to_y:.1}"
            );
            if at + 1 < way.len() {
                let _ = write!(path, " L{to_right:.1},{to_y:.1}");
            }
        }
        let _ = writeln!(
            edges,
            "<path class=\"edge\" marker-end=\"url(#arrow)\" d=\"{path}\"/>"
        );
    }
    let (width, height) = (
        (x - BETWEEN_LAYERS + MARGIN).max(2.0 * MARGIN),
        tallest + 2.0 * MARGIN,
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"pipeline\" role=\"img\" \
         aria-label=\"The pipeline's nodes and connections\" \
         width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <style>{STYLE}</style>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path class=\"head\" d=\"M0,0 L8,4 L0,8 z\"/></marker></defs>\n\
         {edges}{body}</svg>\n"
    )
}

const STYLE: &str = "\
.pipeline{background:#fff}\
.pipeline text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1c2430}\
.pipeline .id{font-weight:700}.pipeline .more,.pipeline .type{fill:#4a5565}\
.pipeline rect{fill:#f4f7fb;stroke:#5b6b80;stroke-width:1.2}\
.pipeline .output rect{stroke-width:3}\
.pipeline .failed rect{fill:#fde3e1;stroke:#b3261e;stroke-width:2.5}\
.pipeline .edge{fill:none;stroke:#5b6b80;stroke-width:1.4}.pipeline .head{fill:#5b6b80}";

fn draw(
    body: &mut String,
    picture: &Picture<'_>,
    boxes: &[Box],
    at: usize,
    (left, top, width, height): (f64, f64, f64, f64),
) {
    let node = &picture.nodes[at];
    let more = boxes.get(at).cloned().unwrap_or_default();
    let output = if node.is_output { " output" } else { "" };
    let _ = write!(body, "<g class=\"node{output} {}\">", more.class);
    if !more.title.is_empty() {
        let _ = write!(body, "<title>{}</title>", escaped(&more.title));
    }
    let fill = more.heat.map(|heat| {
        // From the colour of a box to orange.
        let mix = |cold: f64, hot: f64| cold + (hot - cold) * heat.clamp(0.0, 1.0);
        let (r, g, b) = (mix(244.0, 255.0), mix(247.0, 190.0), mix(251.0, 120.0));
        format!(" style=\"fill:rgb({r:.0},{g:.0},{b:.0})\"")
    });
    let _ = write!(
        body,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"{}/>",
        fill.unwrap_or_default()
    );
    let own = [(node.id, "id"), (node.node_type, "type")];
    let more = more.lines.iter().map(|line| (line.as_str(), "more"));
    for (row, (text, class)) in own.into_iter().chain(more).enumerate() {
        let y = top + PAD + LINE * row as f64 + 9.0;
        let x = left + PAD;
        let text = escaped(text);
        let _ = write!(
            body,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"
        );
    }
    body.push_str("</g>\n");
}

/// Text as HTML and SVG take it.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            // XML has no way to say them.
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
