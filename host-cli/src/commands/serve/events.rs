//! Answers as server-sent events: what are lines otherwise.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt as _;
use pipeline_host::http::ResponseBody;

use super::accept;
use super::responses::ServerResponse;

pub(super) const EVENTS: &str = "text/event-stream";
const LINES: &str = "application/x-ndjson";

/// Whether a client wants events. From here on its request asks for lines.
pub(super) fn wanted(headers: &mut HeaderMap) -> bool {
    let wanted = accept::first(headers).is_some_and(|first| first == EVENTS);
    if wanted {
        headers.insert(header::ACCEPT, HeaderValue::from_static(LINES));
    }
    wanted
}

/// Makes events of an answer's lines; an answer that is no stream stays as it is.
pub(super) fn of_lines(answer: ServerResponse) -> ServerResponse {
    let lines = answer.headers().get(header::CONTENT_TYPE);
    if lines.is_none_or(|given| given != LINES) {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    let headers = &mut head.headers;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENTS));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let lines = body.into_data_stream();
    let events = stream::unfold((lines, BytesMut::new()), |(mut lines, mut rest)| async {
        loop {
            let more = lines.next().await?;
            let more = match more {
                Ok(more) => more,
                Err(error) => return Some((Err(error), (lines, rest))),
            };
            rest.extend_from_slice(&more);
            let events = take_events(&mut rest);
            if !events.is_empty() {
                return Some((Ok(events), (lines, rest)));
            }
        }
    });
    ServerResponse::from_parts(head, ResponseBody::stream(events))
}

/// The whole lines that have come, as events. The last one of a run, which says how
/// it ended, is called so.
fn take_events(lines: &mut BytesMut) -> Bytes {
    let Some(end) = lines.iter().rposition(|byte| *byte == b'\n') else {
        return Bytes::new();
    };
    let whole = lines.split_to(end + 1).freeze();
    let mut events = BytesMut::with_capacity(whole.len() + 64);
    let lines = whole.as_ref().split(|byte| *byte == b'\n');
    for line in lines.filter(|line| !line.is_empty()) {
        if line.starts_with(b"{\"status\":") {
            events.extend_from_slice(b"event: end\n");
        }
        events.extend_from_slice(b"data: ");
        events.extend_from_slice(line);
        events.extend_from_slice(b"\n\n");
    }
    events.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_events_when_they_are_whole() {
        let mut rest = BytesMut::from(&b"{\"output\":1}\n{\"out"[..]);
        assert_eq!(take_events(&mut rest), "data: {\"output\":1}\n\n");
        assert_eq!(take_events(&mut rest), "");
        rest.extend_from_slice(b"put\":2}\n{\"status\":\"success\"}\n");
        assert_eq!(
            take_events(&mut rest),
            "data: {\"output\":2}\n\nevent: end\ndata: {\"status\":\"success\"}\n\n"
        );
        assert!(rest.is_empty());
    }
}
