//! A pipeline in characters, from top to bottom.

use super::layout::{Place, layout};
use super::{Drawn, Picture};

/// Columns between two boxes.
const GAP: usize = 3;

/// Draws boxes and lines.
pub(crate) fn ascii(picture: &Picture<'_>) -> String {
    let layout = layout(picture.nodes.len(), &picture.edges);
    let width = |place: &Place| match place {
        Place::Node(at) => box_width(&picture.nodes[*at]),
        Place::Pass => 1,
    };
    let wide = |layer: &Vec<Place>| {
        layer.iter().map(width).sum::<usize>() + GAP * layer.len().saturating_sub(1)
    };
    let widest = layout.layers.iter().map(wide).max().unwrap_or(0);
    // Where each place begins, layer by layer; each layer stands in the middle.
    let mut left: Vec<Vec<usize>> = Vec::new();
    for layer in &layout.layers {
        let mut at = (widest - wide(layer)) / 2;
        left.push(
            layer
                .iter()
                .map(|place| {
                    let here = at;
                    at += width(place) + GAP;
                    here
                })
                .collect(),
        );
    }
    let mut canvas = Canvas::default();
    let mut row = 0;
    for (number, layer) in layout.layers.iter().enumerate() {
        for (place, &column) in layer.iter().zip(&left[number]) {
            match place {
                Place::Node(at) => draw_box(&mut canvas, row, column, &picture.nodes[*at]),
                Place::Pass => (row..row + 4).for_each(|row| canvas.put(row, column, '|')),
            }
        }
        row += 4;
        let mut pieces: Vec<_> = layout
            .pieces
            .iter()
            .filter(|it| it.layer == number)
            .collect();
        if pieces.is_empty() {
            continue;
        }
        pieces.sort_by_key(|piece| (piece.from, piece.to));
        // Lines leave a box side by side, in the order of where they go.
        let spread = |layer: usize, place: usize, of: usize, among: usize| {
            let width = width(&layout.layers[layer][place]);
            left[layer][place] + (width * (of + 1)) / (among + 1)
        };
        let ends: Vec<(usize, usize, bool)> = pieces
            .iter()
            .map(|piece| {
                let out: Vec<_> = pieces.iter().filter(|it| it.from == piece.from).collect();
                let mut into: Vec<_> = pieces.iter().filter(|it| it.to == piece.to).collect();
                into.sort_by_key(|it| it.from);
                let of_out = out.iter().position(|it| ***it == **piece).unwrap_or(0);
                let of_in = into.iter().position(|it| ***it == **piece).unwrap_or(0);
                let is_node = matches!(layout.layers[number + 1][piece.to], Place::Node(_));
                (
                    spread(number, piece.from, of_out, out.len()),
                    spread(number + 1, piece.to, of_in, into.len()),
                    is_node,
                )
            })
            .collect();
        let bends: Vec<usize> = (0..ends.len())
            .filter(|at| ends[*at].0 != ends[*at].1)
            .collect();
        let last = row + bends.len() + 1;
        for (at, &(from, to, is_node)) in ends.iter().enumerate() {
            match bends.iter().position(|bend| *bend == at) {
                None => (row..last).for_each(|row| canvas.put(row, from, '|')),
                Some(bend) => {
                    let turn = row + bend;
                    (row..turn).for_each(|row| canvas.put(row, from, '|'));
                    (from.min(to) + 1..from.max(to))
                        .for_each(|column| canvas.put(turn, column, '-'));
                    canvas.put(turn, from, '+');
                    canvas.put(turn, to, '+');
                    (turn + 1..last).for_each(|row| canvas.put(row, to, '|'));
                }
            }
            canvas.put(last, to, if is_node { 'v' } else { '|' });
        }
        row = last + 1;
    }
    canvas.text()
}

fn labels<'p>(node: &'p Drawn<'_>) -> [String; 2] {
    let mark = if node.is_output { " *" } else { "" };
    [format!("{}{mark}", node.id), node.node_type.to_owned()]
}

fn box_width(node: &Drawn<'_>) -> usize {
    let longest = labels(node).iter().map(|it| it.chars().count()).max();
    longest.unwrap_or(0) + 4
}

fn draw_box(canvas: &mut Canvas, row: usize, column: usize, node: &Drawn<'_>) {
    let width = box_width(node);
    let line = format!("+{}+", "-".repeat(width - 2));
    canvas.write(row, column, &line);
    for (at, label) in labels(node).iter().enumerate() {
        let pad = " ".repeat(width - 4 - label.chars().count());
        canvas.write(row + 1 + at, column, &format!("| {label}{pad} |"));
    }
    canvas.write(row + 3, column, &line);
}

/// Characters by row and column.
#[derive(Default)]
struct Canvas {
    rows: Vec<Vec<char>>,
}

impl Canvas {
    /// Puts a character. A line that crosses another goes under it.
    fn put(&mut self, row: usize, column: usize, character: char) {
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let line = &mut self.rows[row];
        if line.len() <= column {
            line.resize(column + 1, ' ');
        }
        match (line[column], character) {
            ('|' | '+', '-') | ('+', '|') => {}
            _ => line[column] = character,
        }
    }

    fn write(&mut self, row: usize, column: usize, text: &str) {
        for (at, character) in text.chars().enumerate() {
            self.put(row, column + at, character);
        }
    }

    fn text(&self) -> String {
        let lines = self.rows.iter().map(|row| {
            let line: String = row.iter().collect();
            line.trim_end().to_owned() + "\n"
        });
        lines.collect()
    }
}
