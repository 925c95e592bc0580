//! What the headers of messages are called, and the ids that follow from inputs.

use async_nats::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The version of the pipeline that made an output.
pub(super) const VERSION: &str = "Pipeline-Version";
/// The node that gave an output.
pub(super) const NODE: &str = "Pipeline-Node";
/// Which of the outputs of its input an output is, from 0.
pub(super) const POSITION: &str = "Pipeline-Position";
/// How many outputs an input has.
pub(super) const OUTPUTS: &str = "Pipeline-Outputs";
/// The sequence of the input in its stream.
pub(super) const INPUT: &str = "Pipeline-Input";
/// The kind of an error.
pub(super) const ERROR: &str = "Pipeline-Error";
/// Who waits for the outputs: they go to a subject of its own.
pub(super) const SUBMISSION: &str = "Pipeline-Submission";
/// Which item of a submission a message is, from 0.
pub(super) const ITEM: &str = "Pipeline-Item";
/// What a payload is.
pub(super) const CONTENT_TYPE: &str = "Content-Type";
/// What JetStream keeps one of.
pub(super) const MESSAGE_ID: &str = "Nats-Msg-Id";

pub(super) const JSON: &str = "application/json";

/// A header's text.
pub(super) fn text<'h>(headers: Option<&'h HeaderMap>, name: &str) -> Option<&'h str> {
    headers?.get(name).map(|value| value.as_str())
}

/// A node's id, or anything else, as a header can hold it.
pub(super) fn plain(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The submission that a message belongs to: anybody can write the header, and
/// what it says becomes a part of a subject.
pub(super) fn submission(headers: Option<&HeaderMap>) -> Option<&str> {
    let id = text(headers, SUBMISSION)?;
    let plain = |c: char| c.is_ascii_alphanumeric();
    (!id.is_empty() && id.len() <= 64 && id.chars().all(plain)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_one_word_of_a_subject() {
        for (id, good) in [("abc1", true), ("", false), ("a.b", false), (">", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(SUBMISSION, id);
            assert_eq!(submission(Some(&headers)).is_some(), good, "{id}");
        }
        assert_eq!(submission(None), None);
        assert_eq!(plain("a b\r\nü"), "a%20b%0D%0A%C3%BC");
    }
}
