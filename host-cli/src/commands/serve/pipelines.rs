//! The manifests that requests can name. The server reads them, and hands one to
//! an instance in front of the request's body: no code in a request can read
//! those that it does not run, or what else is in their directory.

use std::path::Path;

use http::{HeaderName, HeaderValue, Request, StatusCode};
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;
use pipeline_host::codec::{Style, Writer};
use pipeline_host::manifests::{Listing, Manifests};

use super::body::RequestBody;
use super::responses::{self, ServerResponse};
use crate::report::{self, ManifestText};

/// How many bytes of the body are the manifest. What clients say in it counts for
/// nothing here; where it counts, all that they could do by it is to send a
/// manifest of their own, which any client can.
const LENGTH: HeaderName = HeaderName::from_static("pipeline-manifest-length");

/// The manifests that requests can name.
pub(super) enum Pipelines {
    /// There are none.
    None,
    /// Those in a directory.
    Directory(Manifests),
    /// The one in the component.
    Own { name: String, text: String },
}

impl Pipelines {
    /// Looks into the directory, and tells of what it leaves out.
    ///
    /// # Errors
    /// Where the directory can't be read.
    pub(super) fn open(
        directory: Option<&Path>,
        own: Option<ManifestText>,
    ) -> std::io::Result<Self> {
        if let Some(ManifestText { name, text }) = own {
            let stem = Path::new(&name).file_stem().unwrap_or_default();
            let name = stem.to_string_lossy().into_owned();
            return Ok(Self::Own { name, text });
        }
        let Some(directory) = directory else {
            return Ok(Self::None);
        };
        let manifests = Manifests::new(directory);
        for (file, reason) in manifests.list()?.left_out {
            report::tell(&format!("`{file}` is left out of the pipelines: {reason}"));
        }
        Ok(Self::Directory(manifests))
    }

    /// The list of their names.
    pub(super) async fn list(&self) -> ServerResponse {
        let listed = match self {
            Self::Own { name, .. } => Ok(Some(Listing {
                names: vec![name.clone()],
                left_out: Vec::new(),
            })),
            _ => self.on_disk(|manifests| manifests.list()).await,
        };
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
        let text = match (self, decoded) {
            (Self::Own { name, text }, Ok(asked)) => {
                Ok((asked == *name).then(|| Some(text.clone())))
            }
            (_, Ok(name)) => {
                let name = name.into_owned();
                self.on_disk(move |manifests| manifests.read(&name)).await
            }
            (_, Err(_)) => Ok(None),
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
        let Self::Directory(manifests) = self else {
            return Ok(None);
        };
        let manifests = manifests.clone();
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
