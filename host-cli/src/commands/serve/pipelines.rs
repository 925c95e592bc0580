//! The manifests that requests can name. The server reads them, and hands one to
//! an instance in front of the request's body: no code in a request can read
//! those that it does not run, or what else is in their directory.

use std::collections::BTreeMap;
use std::path::Path;

use http::{HeaderName, HeaderValue, Request, StatusCode};
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;
use pipeline_host::codec::{Style, Writer};
use pipeline_host::manifests::Manifests;

use super::body::RequestBody;
use super::packages::{Opener, Packaged};
use super::responses::{self, ServerResponse};
use crate::failure::Failure;
use crate::{report, workspace};

/// How many bytes of the body are the manifest. What clients say in it counts for
/// nothing here; where it counts, all that they could do by it is to send a
/// manifest of their own, which any client can.
const LENGTH: HeaderName = HeaderName::from_static("pipeline-manifest-length");

/// The pipelines that requests can name; without a directory there are none.
#[derive(Default)]
pub(super) struct Pipelines {
    /// None where only signed packages are run.
    manifests: Option<Manifests>,
    packages: BTreeMap<String, Packaged>,
    /// Whether packages are all that is run.
    packages_only: bool,
}

impl Pipelines {
    /// Looks into the directory, and tells of what it leaves out.
    ///
    /// # Errors
    /// Where the directory can't be read.
    pub(super) fn open(directory: Option<&Path>, opener: &Opener<'_>) -> Result<Self, Failure> {
        let packages_only = !opener.keys.is_empty();
        let Some(directory) = directory else {
            return Ok(Self {
                packages_only,
                ..Self::default()
            });
        };
        let manifests = Manifests::new(directory);
        let listing = manifests.list().map_err(|error| {
            let (path, reason) = (directory.display(), workspace::reason(&error));
            Failure::usage(format!(
                "the directory with pipelines, `{path}`, can't be read: {reason}"
            ))
        })?;
        for (file, reason) in listing.left_out {
            report::tell(&format!("`{file}` is left out of the pipelines: {reason}"));
        }
        let mut packages = opener.open(directory)?;
        for name in listing.names {
            if packages_only {
                report::tell(&format!(
                    "the manifest of `{name}` is left out of the pipelines: it is not signed"
                ));
            } else if packages.remove(&name).is_some() {
                report::tell(&format!(
                    "the package of `{name}` is left out of the pipelines: a manifest has that name"
                ));
            }
        }
        Ok(Self {
            manifests: (!packages_only).then_some(manifests),
            packages,
            packages_only,
        })
    }

    /// Whether requests may bring manifests of their own.
    pub(super) fn takes_manifests(&self) -> bool {
        !self.packages_only
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
                let packages = self.packages.keys();
                let packages = packages.filter(|name| !listing.names.contains(name));
                let mut names: Vec<&String> = listing.names.iter().chain(packages).collect();
                names.sort();
                for name in names {
                    writer.string(name);
                }
            });
        });
        let text = writer.finish() + "\n";
        responses::text(StatusCode::OK, "application/json", text)
    }

    /// The text of the manifest that a request's path names, as `%20` for a blank;
    /// and the package that it is of, where it is one's.
    pub(super) async fn read(
        &self,
        name: &str,
    ) -> Result<(String, Option<&Packaged>), ServerResponse> {
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
            Ok(Some(Some(text))) => Ok((text, None)),
            Ok(_) if self.packages.contains_key(&shown) => {
                let package = &self.packages[&shown];
                Ok((package.manifest.clone(), Some(package)))
            }
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
        let Some(manifests) = self.manifests.clone() else {
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
