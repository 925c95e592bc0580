//! The lines of a text that a message is about: short ones whole, and of long ones
//! what stands around the places that are pointed at. A manifest can be one line
//! of ten megabytes.

use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// How many lines around a place are shown.
const AROUND: usize = 1;
/// How many lines a place may have for all of them to be shown.
const MOST_LINES: usize = 20;
/// How many characters a line may have for all of it to be shown.
const WIDEST: usize = 240;
/// How much of a longer line is shown before and after a place.
const BEFORE: usize = 60;
const AFTER: usize = 100;
/// What stands for the rest.
const REST: &str = "…";

/// A place in a text.
pub(crate) struct Mark {
    /// In bytes.
    pub(crate) span: Range<usize>,
    /// Its column, from 1.
    pub(crate) column: usize,
    /// What is said of it; the message itself is about one without.
    pub(crate) label: Option<String>,
}

/// A text, and where its lines begin.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

/// Some lines of a text, with the places in them.
#[derive(Debug)]
pub(crate) struct Excerpt {
    name: String,
    text: String,
    /// How many lines come before these.
    before: usize,
    /// Where each place begins here, and its column in the whole text, from 0.
    columns: Vec<(usize, usize)>,
    labels: Vec<LabeledSpan>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Self { text, starts }
    }

    fn at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    /// A line without its end.
    fn range(&self, line: usize) -> Range<usize> {
        let start = self.starts[line];
        let end = self
            .starts
            .get(line + 1)
            .copied()
            .unwrap_or(self.text.len());
        let text = &self.text[start..end];
        let text = text.strip_suffix('\n').unwrap_or(text);
        start..start + text.strip_suffix('\r').unwrap_or(text).len()
    }

    /// The lines around some places, of which there is at least one, in a text of
    /// some name; `show` is how text is shown.
    pub(crate) fn excerpt(
        &self,
        name: &str,
        marks: &[Mark],
        show: impl Fn(&str) -> String,
    ) -> Excerpt {
        let last = self.starts.len() - 1;
        let places: Vec<Position> = marks.iter().map(|mark| self.place(mark)).collect();
        let first = places.iter().map(|place| place.lines.start).min();
        let first = first.unwrap_or(0).saturating_sub(AROUND);
        let end = places.iter().map(|place| place.lines.end).max();
        let end = (end.unwrap_or(0) + AROUND).min(last);
        let mut text = String::new();
        let mut spans = vec![(0, 0); places.len()];
        for line in first..=end {
            let near = |place: &Position| {
                (place.lines.start.saturating_sub(AROUND)..=place.lines.end + AROUND)
                    .contains(&line)
            };
            if places.iter().any(near) {
                self.line(line, &places, &mut text, &mut spans, &show);
            }
            text.push('\n');
        }
        let labels = marks.iter().zip(&spans).map(|(mark, (start, end))| {
            let (label, span) = (mark.label.clone(), (*start, end.saturating_sub(*start)));
            match label {
                None => LabeledSpan::new_primary_with_span(None, span),
                label => LabeledSpan::new_with_span(label.map(|label| show(&label)), span),
            }
        });
        let columns = marks.iter().zip(&spans);
        Excerpt {
            name: show(name),
            before: first,
            columns: columns
                .map(|(mark, (start, _))| (*start, mark.column.saturating_sub(1)))
                .collect(),
            labels: labels.collect(),
            text,
        }
    }

    fn place(&self, mark: &Mark) -> Position {
        let start = boundary(self.text, mark.span.start);
        let mut end = boundary(self.text, mark.span.end).max(start);
        let first = self.at(start);
        let mut last = self.at(end.saturating_sub(1).max(start));
        if last - first >= MOST_LINES {
            end = self.range(first).end.max(start);
            last = first;
        }
        Position {
            span: start..end,
            lines: first..last,
        }
    }

    /// Adds a line, and says where the places that begin or end in it are now.
    fn line(
        &self,
        line: usize,
        places: &[Position],
        text: &mut String,
        spans: &mut [(usize, usize)],
        show: &impl Fn(&str) -> String,
    ) {
        let range = self.range(line);
        let within = |offset: usize| range.start <= offset && offset <= range.end;
        let mut offsets: Vec<usize> = Vec::new();
        for place in places {
            offsets.extend(
                [place.span.start, place.span.end]
                    .into_iter()
                    .filter(|at| within(*at)),
            );
        }
        offsets.sort_unstable();
        let parts = self.parts(range.clone(), &offsets);
        for part in &parts {
            if part.start > range.start {
                text.push_str(REST);
            }
            let begin = text.len();
            text.push_str(&show(&self.text[part.clone()]));
            let place_of = |offset: usize| begin + show(&self.text[part.start..offset]).len();
            for (place, span) in places.iter().zip(&mut *spans) {
                if within(place.span.start) && part.start <= place.span.start {
                    span.0 = place_of(place.span.start.min(part.end));
                    span.1 = span.0;
                }
                if place.lines.end == line && part.start <= place.span.end {
                    span.1 = place_of(place.span.end.min(part.end));
                }
            }
        }
        if parts.last().is_some_and(|part| part.end < range.end) {
            text.push_str(REST);
        }
    }

    /// The parts of a line that are shown.
    fn parts(&self, line: Range<usize>, offsets: &[usize]) -> Vec<Range<usize>> {
        let text = &self.text[line.clone()];
        let after = |from: usize, count: usize| {
            let rest = &self.text[from..line.end];
            rest.char_indices()
                .nth(count)
                .map_or(line.end, |(length, _)| from + length)
        };
        if text.len() <= WIDEST || after(line.start, WIDEST) == line.end {
            return vec![line];
        }
        let mut parts: Vec<Range<usize>> = Vec::new();
        for offset in offsets {
            let before = &self.text[line.start..*offset];
            let start = before.char_indices().rev().take(BEFORE).last();
            let start = start.map_or(*offset, |(at, _)| line.start + at);
            let end = after(*offset, AFTER);
            match parts.last_mut() {
                Some(part) if start <= part.end => part.end = end,
                _ => parts.push(start..end),
            }
        }
        if parts.is_empty() {
            parts.push(line.start..after(line.start, WIDEST));
        }
        parts
    }
}

/// A place: its bytes, and the first and the last of its lines.
struct Position {
    span: Range<usize>,
    lines: Range<usize>,
}

/// The nearest place before an offset, or at it, where a character begins.
fn boundary(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset.min(text.len()))
}

impl Excerpt {
    pub(crate) fn labels(&self) -> impl Iterator<Item = LabeledSpan> {
        self.labels.iter().cloned()
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.as_bytes().read_span(span, before, after)?;
        let data = found.data();
        // The column is asked for together with the line alone.
        let column = self
            .columns
            .iter()
            .find(|(start, _)| before == 0 && *start == span.offset());
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data,
            *found.span(),
            self.before + found.line(),
            column.map_or(found.column(), |(_, column)| *column),
            data.iter().filter(|byte| **byte == b'\n').count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark(span: Range<usize>) -> Mark {
        Mark {
            span,
            column: 7,
            label: None,
        }
    }

    fn marked(text: &str, marks: &[Mark]) -> (Excerpt, Vec<String>) {
        let excerpt = Lines::of(text).excerpt("m", marks, |text| text.replace('\u{1b}', "<esc>"));
        let marked = excerpt
            .labels()
            .map(|label| excerpt.text[label.offset()..label.offset() + label.len()].to_owned());
        let marked = marked.collect();
        (excerpt, marked)
    }

    #[test]
    fn short_lines_are_whole() {
        let text = "one\r\ntwo\nthree\nfour\nfive";
        let (excerpt, found) = marked(text, &[mark(9..14)]);
        assert_eq!((excerpt.before, &*excerpt.text), (1, "two\nthree\nfour\n"));
        assert_eq!(found, ["three"]);
        let (excerpt, found) = marked(text, &[mark(0..3), mark(20..24)]);
        assert_eq!(excerpt.text, "one\ntwo\n\nfour\nfive\n");
        assert_eq!(found, ["one", "five"]);
        let (_, found) = marked("\u{1b}[2J {\u{1b}x}", &[mark(6..8)]);
        assert_eq!(found, ["<esc>x"]);
    }

    #[test]
    fn of_long_lines_what_is_around_a_place() {
        let long = "ä".repeat(1 << 20);
        let text = format!("{long}here{long}there{long}\n{long}");
        let here = long.len();
        let there = 2 * here + 4;
        let (excerpt, found) = marked(&text, &[mark(here..here + 4), mark(there..there + 5)]);
        assert_eq!(found, ["here", "there"]);
        let shown: Vec<_> = excerpt.text.lines().collect();
        assert!(shown[0].starts_with("…ä") && shown[0].ends_with("ä…"));
        assert!(shown[1].ends_with("ä…"));
        assert!(excerpt.text.chars().count() < 1000, "{}", excerpt.text);
        // A place that is as long as the line, and one of very many lines.
        let (excerpt, found) = marked(&text, &[mark(0..here * 2)]);
        assert!(found[0].starts_with('ä') && excerpt.text.chars().count() < 1000);
        let lines = "line\n".repeat(1000);
        let (excerpt, found) = marked(&lines, &[mark(10..4000)]);
        assert_eq!((excerpt.before, &*found[0]), (1, "line"));
    }

    proptest! {
        #[test]
        fn places_stay_where_they_are(
            text in "[a\u{1b}ä\n\r\t]{0,600}",
            places in proptest::collection::vec((0..700_usize, 0..300_usize), 1..4),
        ) {
            let marks: Vec<_> = places.iter().map(|(at, length)| mark(*at..at + length)).collect();
            let (excerpt, found) = marked(&text, &marks);
            for ((at, length), found) in places.iter().zip(found) {
                let start = boundary(&text, *at);
                let one_line = text[start..boundary(&text, at + length).max(start)]
                    .split('\n').next().unwrap_or("");
                let expected: String = one_line.trim_end_matches('\r').chars().take(20).collect();
                let expected = expected.replace('\u{1b}', "<esc>");
                prop_assert!(found.starts_with(&expected), "{found:?} {expected:?} {:?}", excerpt.text);
            }
            for label in excerpt.labels() {
                prop_assert!(excerpt.read_span(label.inner(), 1, 1).is_ok());
                prop_assert!(excerpt.read_span(label.inner(), 0, 0).is_ok());
            }
        }
    }
}
