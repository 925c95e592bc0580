//! The manifests that requests can name. The server reads them, and hands one to
//! an instance in front of the request's body: no code in a request can read
//! those that it does not run, or what else is in their directory.

use std::path::Path;

use http::{HeaderName, HeaderValue, Request, StatusCode};
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;
use pipeline_host::codec::{Style, Writer};
use pipeline_host::manifests::Manifests;

use super::body::RequestBody;
use super::responses::{self, ServerResponse};
use crate::report;

/// How many bytes of the body are the manifest. What clients say in it counts for
/// nothing here; where it counts, all that they could do by it is to send a
/// manifest of their own, which any client can.
const LENGTH: HeaderName = HeaderName::from_static("pipeline-manifest-length");

/// The manifests that requests can name; without a directory there are none.
pub(super) struct Pipelines(Option<Manifests>);

impl Pipelines {
    /// Looks into the directory, and tells of what it leaves out.
    ///
    /// # Errors
    /// Where the directory can't be read.
    pub(super) fn open(directory: Option<&Path>) -> std::io::Result<Self> {
        let Some(directory) = directory else {
            return Ok(Self(None));
        };
        let manifests = Manifests::new(directory);
        for (file, reason) in manifests.list()?.left_out {
            report::tell(&format!("`{file}` is left out of the pipelines: {reason}"));
        }
        Ok(Self(Some(manifests)))
    }

    /// The list of their names.
    pub(super) async fn list(&self) -> ServerResponse {
        let listed = self.on_disk(|manifests| manifests.list()).await;
        let listing = match listed {
            Ok(listing) => listing.unwrap_or_default(),
            Err(error) => {
                let text = format!("the directory of the pipelines can't be read: {error}");
                return responses::error(StatusCode::INTERNAL_SERVER_ERROR, "internal", text);
            }
        };
        for (file, reason) in &listing.left_out {
            tracing::warn!(file, reason, "left out of the pipelines");
        }
        let mut writer = Writer::new(Style::Compact);
        writer.object(|writer| {
            writer.key("pipelines").array(|writer| {
                for name in &listing.names {
                    writer.string(name);
                }
            });
        });
        let text = writer.finish() + "\n";
        responses::text(StatusCode::OK, "application/json", text)
    }

    /// The text of the manifest that a request's path names, as `%20` for a blank.
    pub(super) async fn read(&self, name: &str) -> Result<String, ServerResponse> {
        let shown = percent_decode_str(name).decode_utf8_lossy().into_owned();
        let decoded = percent_decode_str(name).decode_utf8();
        let text = match decoded {
            Ok(name) => {
                let name = name.into_owned();
                self.on_disk(move |manifests| manifests.read(&name)).await
            }
            Err(_) => Ok(None),
        };
        match text {
            Ok(Some(Some(text))) => Ok(text),
            Ok(_) => {
                let text = format!(
                    "there is no pipeline `{shown}`; GET /v1/pipelines lists those there are"
                );
                Err(responses::error(StatusCode::NOT_FOUND, "not-found", text))
            }
            Err(error) => {
                let text = format!("the manifest of `{shown}` can't be read: {error}");
                Err(responses::error(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    text,
                ))
            }
        }
    }

    /// Asks the directory, where there is one, on a thread that may wait.
    async fn on_disk<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Manifests) -> std::io::Result<T> + Send + 'static,
    ) -> std::io::Result<Option<T>> {
        let Some(manifests) = self.0.clone() else {
            return Ok(None);
        };
        let asked = tokio::task::spawn_blocking(move || ask(&manifests)).await;
        asked.map_err(std::io::Error::other)?.map(Some)
    }
}

/// Puts a manifest into a request, or makes sure that none is said to be in it.
pub(super) fn hand_over(request: &mut Request<RequestBody>, manifest: Option<String>) {
    request.headers_mut().remove(LENGTH);
    if let Some(manifest) = manifest {
        let length = HeaderValue::from(manifest.len());
        request.headers_mut().insert(LENGTH, length);
        request.headers_mut().remove(http::header::CONTENT_LENGTH);
        request.body_mut().put_before(Bytes::from(manifest));
    }
}
