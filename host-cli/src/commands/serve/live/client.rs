//! A WebSocket as what a session talks to.

use bytes::Bytes;
use pipeline_host::Limits;
use pipeline_host::types::{self, Input};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::media::bounds;
use super::messages::{self, Audio};
use super::session::{Client, End};

/// What a client sends.
pub(super) enum Given {
    Text(Bytes),
    Binary(Bytes),
    /// The input ends.
    End,
    /// What can't be taken, and why.
    Wrong(String, CloseCode),
}

/// The messages of a WebSocket.
pub(super) struct Messages {
    pub(super) incoming: mpsc::Receiver<Given>,
    pub(super) outgoing: mpsc::Sender<Message>,
    pub(super) audio: Option<Audio>,
    pub(super) limits: Limits,
    /// Which audio the client was last told of: its node, rate and channels.
    pub(super) announced: Option<(String, u32, u32)>,
}

impl Client for Messages {
    async fn next(&mut self) -> Result<Option<Vec<Input>>, End> {
        let items = match self.incoming.recv().await.ok_or(End::Gone)? {
            Given::Text(text) => messages::text(&text, bounds(&self.limits)),
            Given::Binary(bytes) => messages::binary(bytes, self.audio, bounds(&self.limits)),
            Given::End => return Ok(None),
            Given::Wrong(text, code) => return Err(End::Wrong(text, code)),
        };
        items.map(Some).map_err(|text| End::no_item(&text))
    }

    async fn audio(&mut self, node: &str, output: &types::Audio) -> Result<bool, End> {
        let Some(audio) = self.audio else {
            return Ok(false);
        };
        let form = (node.to_owned(), output.sample_rate, output.channels);
        if self.announced.as_ref() != Some(&form) {
            self.tell(audio.announcement(node, output)).await?;
            self.announced = Some(form);
        }
        let message = Message::Binary(audio.bytes(output));
        self.outgoing.send(message).await.map_err(|_| End::Gone)?;
        Ok(true)
    }

    async fn tell(&mut self, text: String) -> Result<(), End> {
        let sent = self.outgoing.send(Message::text(text)).await;
        sent.map_err(|_| End::Gone)
    }
}
