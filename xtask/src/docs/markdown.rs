//! What a page in Markdown has: blocks of code, links, pictures, headlines.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A page, taken apart.
#[derive(Debug, Default)]
pub(super) struct Markdown {
    pub(super) parts: Vec<Part>,
    pub(super) links: Vec<Link>,
    pub(super) headings: Vec<Heading>,
}

/// What the trial of a page goes by, in the page's order.
#[derive(Debug)]
pub(super) enum Part {
    /// A fenced block of code.
    Code(Code),
    /// What stands between `<!--` and `-->`.
    Comment(String),
}

/// A fenced block of code.
#[derive(Debug)]
pub(super) struct Code {
    /// The line in the page that it begins in, from 1.
    pub(super) line: usize,
    /// The first word after the fence.
    pub(super) language: String,
    /// The other words there, which readers don't see.
    pub(super) words: Vec<String>,
    pub(super) text: String,
}

impl Code {
    /// Whether a word stands after the fence.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|found| found == word)
    }

    /// What stands after `name=` behind the fence.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.words
            .iter()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// A link or a picture.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) line: usize,
    /// Where it stands in the text.
    pub(super) range: Range<usize>,
    pub(super) target: String,
    /// Of a picture: what is read where it can't be seen.
    pub(super) alternative: Option<String>,
}

/// A headline.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) text: String,
    /// What links to it name after `#`.
    pub(super) anchor: String,
}

/// Takes a page apart.
pub(super) fn read(text: &str) -> Markdown {
    let mut page = Markdown::default();
    let line = |at: usize| text[..at].bytes().filter(|&byte| byte == b'\n').count() + 1;
    let mut code: Option<Code> = None;
    let mut heading: Option<Heading> = None;
    let mut picture: Option<Link> = None;
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                code = Some(Code {
                    line: line(range.start),
                    language: words.next().unwrap_or_default(),
                    words: words.collect(),
                    text: String::new(),
                });
            }
            Event::End(TagEnd::CodeBlock) => page.parts.extend(code.take().map(Part::Code)),
            Event::Start(Tag::Link { dest_url, .. }) => page.links.push(Link {
                line: line(range.start),
                range,
                target: dest_url.into_string(),
                alternative: None,
            }),
            Event::Start(Tag::Image { dest_url, .. }) => {
                picture = Some(Link {
                    line: line(range.start),
                    range,
                    target: dest_url.into_string(),
                    alternative: Some(String::new()),
                });
            }
            Event::End(TagEnd::Image) => page.links.extend(picture.take()),
            Event::Start(Tag::Heading { .. }) => {
                heading = Some(Heading {
                    text: String::new(),
                    anchor: String::new(),
                });
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some(mut heading) = heading.take() {
                    let first = anchor(&heading.text);
                    let same = |number: usize| match number {
                        0 => first.clone(),
                        number => format!("{first}-{number}"),
                    };
                    let is_free =
                        |anchor: &String| page.headings.iter().all(|other| other.anchor != *anchor);
                    heading.anchor = (0..).map(same).find(is_free).unwrap_or_default();
                    page.headings.push(heading);
                }
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(code) = &mut code {
                    code.text.push_str(&part);
                } else if let Some(alternative) = picture
                    .as_mut()
                    .and_then(|picture| picture.alternative.as_mut())
                {
                    alternative.push_str(&part);
                } else if let Some(heading) = &mut heading {
                    heading.text.push_str(&part);
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let comment = html
                    .trim()
                    .strip_prefix("<!--")
                    .and_then(|rest| rest.strip_suffix("-->"));
                if let Some(comment) = comment {
                    page.parts.push(Part::Comment(comment.trim().to_owned()));
                }
            }
            _ => {}
        }
    }
    page
}

/// What forges and mdBook name a headline: letters, digits, `-` and `_` alone.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# A page

<!-- tested: wheel -->

See [there](b.md#so) and ![a box](box.svg).

```python file=a.py
x = 1
```

## What: `run` does, a_b

## A page
";

    #[test]
    fn a_page_is_taken_apart() {
        let page = read(PAGE);
        let [Part::Comment(comment), Part::Code(code)] = &page.parts[..] else {
            panic!("{:?}", page.parts);
        };
        assert_eq!(comment, "tested: wheel");
        assert_eq!(
            (code.line, &*code.language, &*code.text),
            (7, "python", "x = 1\n")
        );
        assert_eq!(
            (code.value("file"), code.has("fails")),
            (Some("a.py"), false)
        );
        let links: Vec<_> = page
            .links
            .iter()
            .map(|link| (&*link.target, link.line))
            .collect();
        assert_eq!(links, [("b.md#so", 5), ("box.svg", 5)]);
        assert_eq!(page.links[1].alternative.as_deref(), Some("a box"));
        let anchors: Vec<_> = page
            .headings
            .iter()
            .map(|heading| &*heading.anchor)
            .collect();
        assert_eq!(anchors, ["a-page", "what-run-does-a_b", "a-page-1"]);
    }
}
