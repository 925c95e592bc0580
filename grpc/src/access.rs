//! Who may ask.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use pipeline_host::error::reason;
use subtle::ConstantTimeEq as _;
use tonic::Status;
use tonic::body::Body;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Bearer tokens, each of which lets a client in.
#[derive(Clone)]
pub struct Tokens(Arc<[String]>);

/// Why a text holds no tokens.
#[derive(Debug)]
pub struct InvalidTokens(String);

impl std::fmt::Display for InvalidTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidTokens {}

impl Tokens {
    /// Reads a file with a token a line; empty lines and those that begin with
    /// `#` are left out.
    ///
    /// # Errors
    /// Where it can't be read, or holds no token.
    pub fn read(path: &std::path::Path) -> Result<Self, InvalidTokens> {
        let fail = |why: String| {
            InvalidTokens(format!(
                "the tokens in `{}` can't be used: {why}",
                path.display()
            ))
        };
        let text = std::fs::read_to_string(path).map_err(|error| fail(reason(&error)))?;
        let tokens: Arc<[String]> = (text.lines().map(str::trim))
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        match tokens.is_empty() {
            true => Err(fail("there is none in it".into())),
            false => Ok(Self(tokens)),
        }
    }

    /// Lets a client in that sends one of them as `Bearer <token>`.
    ///
    /// # Errors
    /// Says why not.
    pub fn admit(&self, authorization: Option<&[u8]>) -> Result<(), &'static str> {
        let given = authorization.and_then(|given| std::str::from_utf8(given).ok());
        match given.and_then(|given| given.strip_prefix("Bearer ")) {
            Some(token) if self.allow(token) => Ok(()),
            Some(_) => Err("the token is not one that is let in"),
            None => Err("this server asks for a token: send `authorization: Bearer <token>`"),
        }
    }

    /// Whether one of them was given; how long that takes says nothing of them but
    /// their lengths.
    fn allow(&self, given: &str) -> bool {
        let matches = |token: &String| bool::from(token.as_bytes().ct_eq(given.as_bytes()));
        self.0.iter().filter(|token| matches(token)).count() > 0
    }
}

/// Lets clients in that have a token.
#[derive(Clone)]
pub(crate) struct Access(Option<Tokens>);

impl Access {
    pub(crate) fn new(tokens: Option<Tokens>) -> Self {
        Self(tokens)
    }
}

impl tonic::service::Interceptor for Access {
    fn call(&mut self, request: tonic::Request<()>) -> Result<tonic::Request<()>, Status> {
        let Some(tokens) = &self.0 else {
            return Ok(request);
        };
        let given = request.metadata().get("authorization");
        let admitted = tokens.admit(given.map(|given| given.as_encoded_bytes()));
        admitted.map(|()| request).map_err(Status::unauthenticated)
    }
}

/// Lets pages of these origins read what they asked for.
pub(crate) fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            "x-grpc-web".parse().expect("a name"),
            "x-user-agent".parse().expect("a name"),
            "grpc-timeout".parse().expect("a name"),
        ])
        .expose_headers([
            "grpc-status".parse::<header::HeaderName>().expect("a name"),
            "grpc-message".parse().expect("a name"),
            "grpc-status-details-bin".parse().expect("a name"),
        ])
}

/// Refuses what a page of any other origin asks for. A browser names the page's
/// origin with each such request, also where the page's own name points here.
pub(crate) fn foreign_pages(origins: &[HeaderValue]) -> ForeignPages {
    ForeignPages(origins.into())
}

#[derive(Clone)]
pub(crate) struct ForeignPages(Arc<[HeaderValue]>);

impl<S> tower_layer::Layer<S> for ForeignPages {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        let origins = Arc::clone(&self.0);
        Guarded { inner, origins }
    }
}

#[derive(Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    origins: Arc<[HeaderValue]>,
}

impl<S, B> tower_service::Service<Request<B>> for Guarded<S>
where
    S: tower_service::Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future =
        futures_util::future::Either<S::Future, Ready<Result<Self::Response, Self::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut origins = request.headers().get_all(header::ORIGIN).iter();
        if origins.all(|origin| self.origins.contains(origin)) {
            return futures_util::future::Either::Left(self.inner.call(request));
        }
        let mut refused = Response::new(Body::empty());
        *refused.status_mut() = StatusCode::FORBIDDEN;
        futures_util::future::Either::Right(ready(Ok(refused)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let file = std::env::temp_dir().join(format!("tokens-{}", std::process::id()));
        std::fs::write(&file, "# who\nalpha\n\n beta \n").unwrap();
        let tokens = Tokens::read(&file).unwrap();
        std::fs::write(&file, "# nobody\n").unwrap();
        assert!(Tokens::read(&file).is_err());
        std::fs::remove_file(&file).unwrap();
        assert!(Tokens::read(&file).is_err());
        for (token, allowed) in [
            ("alpha", true),
            ("beta", true),
            ("", false),
            ("# who", false),
            ("alph", false),
        ] {
            assert_eq!(tokens.allow(token), allowed, "{token}");
        }
    }
}
