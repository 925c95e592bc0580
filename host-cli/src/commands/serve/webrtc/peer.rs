//! A WebRTC peer as what a session talks to.

use pipeline_host::Limits;
use pipeline_host::codec::document::plain_error;
use pipeline_host::types::{Audio, Data, ErrorKind, Input};
use pipeline_webrtc::{Given, Line, Unsent};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::live::messages;
use super::super::live::session::{Client, End};
use super::super::media::bounds;

/// A peer.
pub(super) struct Peer {
    pub(super) line: Line,
    pub(super) limits: Limits,
}

impl Client for Peer {
    async fn next(&mut self) -> Result<Option<Vec<Input>>, End> {
        let bounds = bounds(&self.limits);
        let items = match self.line.next().await.map_err(|_| End::Gone)? {
            Given::Audio(audio) => Ok(vec![Data::Audio(audio).into()]),
            Given::Text(text) => messages::text(&text, bounds),
            Given::Binary(bytes) => messages::binary(bytes.into(), None, bounds),
            Given::End => return Ok(None),
            Given::Wrong(why) => return Err(End::Wrong(why, CloseCode::Policy)),
        };
        items.map(Some).map_err(|text| End::no_item(&text))
    }

    async fn audio(&mut self, node: &str, audio: &Audio) -> Result<bool, End> {
        self.line.audio(node, audio).await.map_err(unsent)?;
        // None of it is JSON: nobody reads a second of samples as text.
        Ok(true)
    }

    async fn tell(&mut self, text: String) -> Result<(), End> {
        self.line.message(text).await.map_err(unsent)
    }
}

fn unsent(why: Unsent) -> End {
    let text = match why {
        Unsent::Gone => return End::Gone,
        Unsent::Unplayable(why) => why.to_string(),
        Unsent::TooLong(bytes) => format!(
            "an output is {bytes} bytes of JSON, which are more than a message of a data channel holds"
        ),
    };
    plain_error(ErrorKind::UnrepresentableOutput, text, Vec::new()).into()
}
