//! Which requests are answered at all: not those that a web page sends without
//! being asked, in the name of whoever looks at it.
//!
//! A browser says whose page a request comes from (`Origin`), and which server
//! the page meant (`Host`), which a page of another server's can't change: not
//! even where it makes its own name point to this machine.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::header::{self, HeaderMap, HeaderName};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, StatusCode, Uri, Version};

use thiserror::Error;

use super::responses::{self, ServerResponse};

/// Knows the names of this server, and the pages that may send requests.
pub(super) struct Guard {
    /// Names besides its addresses, in lower case.
    hosts: Vec<String>,
    origins: Vec<Origin>,
}

/// Where a page comes from: a scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// Reads `https://example.org` or `http://localhost:3000`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let form = || "must be like https://example.org or http://localhost:3000".to_owned();
        let uri: Uri = text.parse().map_err(|_| form())?;
        let parts = (uri.scheme_str(), uri.authority(), uri.path_and_query());
        let (Some(scheme), Some(authority), Some(path)) = parts else {
            return Err(form());
        };
        if path != "/" || text.ends_with('/') || authority.as_str().contains('@') {
            return Err(form());
        }
        let port = authority.port_u16().unwrap_or(default_port(scheme));
        Ok(Self {
            scheme: scheme.to_owned(),
            host: authority.host().to_ascii_lowercase(),
            port,
        })
    }

    /// Whether it is that of a server that is called `host`.
    fn is_of(&self, host: &Authority) -> bool {
        let port = host.port_u16().unwrap_or(default_port(&self.scheme));
        self.port == port && host.host().eq_ignore_ascii_case(&self.host)
    }
}

/// As browsers write it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port == default_port(&self.scheme) {
            true => Ok(()),
            false => write!(f, ":{}", self.port),
        }
    }
}

fn default_port(scheme: &str) -> u16 {
    match scheme {
        "https" => 443,
        _ => 80,
    }
}

/// Reads the name of a server: `example.org`.
pub(crate) fn parse_host(text: &str) -> Result<String, String> {
    let form = || "must be a name without a port, like example.org".to_owned();
    let authority: Authority = text.parse().map_err(|_| form())?;
    match authority.host() == text {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(form()),
    }
}

/// Why a request is not answered.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum Refusal {
    #[error("there is no Host header, which HTTP/1.1 asks for")]
    NoHost,
    #[error("there is more than one Host header")]
    SeveralHosts,
    #[error("the Host header is not the name of a server")]
    InvalidHost,
    #[error("this server is not called `{0}`; serve --allow-host gives it more names")]
    Misdirected(String),
    #[error("a page of the origin {0} may not send requests; serve --allow-origin lets it")]
    ForeignOrigin(String),
}

impl From<Refusal> for ServerResponse {
    fn from(refusal: Refusal) -> Self {
        let (status, kind) = match refusal {
            Refusal::NoHost | Refusal::SeveralHosts | Refusal::InvalidHost => {
                (StatusCode::BAD_REQUEST, "bad-request")
            }
            Refusal::Misdirected(_) => (StatusCode::MISDIRECTED_REQUEST, "misdirected"),
            Refusal::ForeignOrigin(_) => (StatusCode::FORBIDDEN, "foreign-origin"),
        };
        responses::error(status, kind, refusal.to_string())
    }
}

/// A page of another origin that may send requests.
pub(super) struct Page(HeaderValue);

impl Guard {
    pub(super) fn new(hosts: &[String], origins: &[Origin]) -> Self {
        let (hosts, origins) = (hosts.to_vec(), origins.to_vec());
        Self { hosts, origins }
    }

    /// Lets a request pass, and gives the page that it comes from where that is
    /// one of another origin. `local` is the address that the client connected
    /// to.
    pub(super) fn check<B>(
        &self,
        request: &mut Request<B>,
        local: SocketAddr,
    ) -> Result<Option<Page>, Refusal> {
        let host = host(request)?;
        if let Some(host) = &host
            && !self.is_called(host.host(), local.ip().to_canonical())
        {
            return Err(Refusal::Misdirected(host.host().to_owned()));
        }
        let page = self.page(request.headers(), host.as_ref())?;
        if host.is_none() {
            // Only HTTP/1.0 can do without it; instances can't.
            let name = HeaderValue::from_str(&local.to_string());
            let name = name.unwrap_or(HeaderValue::from_static("localhost"));
            request.headers_mut().insert(header::HOST, name);
        }
        Ok(page)
    }

    /// Whether this is a name of the server's. Any is, unless it is told its names
    /// or answers its own machine, where no name but its own belongs.
    fn is_called(&self, host: &str, local: IpAddr) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if self.hosts.is_empty() && !local.is_loopback() || self.hosts.contains(&host) {
            return true;
        }
        let address = host.trim_start_matches('[').trim_end_matches(']');
        match address
            .parse::<IpAddr>()
            .map(|address| address.to_canonical())
        {
            Ok(address) => address == local || address.is_loopback() && local.is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    fn page(&self, headers: &HeaderMap, host: Option<&Authority>) -> Result<Option<Page>, Refusal> {
        let mut given = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = given.next() else {
            return Ok(None);
        };
        let parsed = origin.to_str().map(Origin::parse);
        if given.next().is_none()
            && let Ok(Ok(parsed)) = parsed
        {
            if host.is_some_and(|host| parsed.is_of(host)) {
                return Ok(None);
            }
            if self.origins.contains(&parsed) {
                return Ok(Some(Page(origin.clone())));
            }
        }
        let origin = String::from_utf8_lossy(origin.as_bytes());
        Err(Refusal::ForeignOrigin(origin.into_owned()))
    }
}

impl Page {
    /// The answer to a browser that asks whether the page may send a request;
    /// none where it sends one.
    pub(super) fn preflight<B>(&self, request: &Request<B>) -> Option<ServerResponse> {
        let asked = request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if request.method() != Method::OPTIONS || !asked {
            return None;
        }
        let mut answer = responses::text(StatusCode::NO_CONTENT, "text/plain", String::new());
        let headers = answer.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        let mut allow = |name: HeaderName, what| {
            headers.insert(name, HeaderValue::from_static(what));
        };
        allow(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, HEAD, POST, DELETE",
        );
        allow(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "accept, authorization, content-type",
        );
        allow(header::ACCESS_CONTROL_MAX_AGE, "600");
        // A page of a public site asks so before it asks a machine of a private network.
        const PRIVATE: &str = "access-control-request-private-network";
        if request
            .headers()
            .get(PRIVATE)
            .is_some_and(|asked| asked == "true")
        {
            let name = HeaderName::from_static("access-control-allow-private-network");
            headers.insert(name, HeaderValue::from_static("true"));
        }
        Some(answer)
    }

    /// Lets the page read an answer.
    pub(super) fn may_read(self, answer: &mut ServerResponse) {
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.0);
        // What says when to try again, or where a peer is, is hidden from pages otherwise.
        let exposed = HeaderValue::from_static("location, retry-after");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
}

/// What the client calls the server; none where it need not say.
fn host<B>(request: &Request<B>) -> Result<Option<Authority>, Refusal> {
    let mut given = request.headers().get_all(header::HOST).iter();
    let (first, second) = (given.next(), given.next());
    if second.is_some() {
        return Err(Refusal::SeveralHosts);
    }
    if first.is_none() && request.version() >= Version::HTTP_11 {
        return Err(Refusal::NoHost);
    }
    // What stands in the request's target comes first.
    if let Some(authority) = request.uri().authority() {
        return Ok(Some(authority.clone()));
    }
    let Some(first) = first else { return Ok(None) };
    let parsed = first.to_str().ok().and_then(|text| text.parse().ok());
    let parsed = parsed.filter(|host: &Authority| !host.as_str().contains('@'));
    parsed.map(Some).ok_or(Refusal::InvalidHost)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: &str = "127.0.0.1:8080";
    const OUTSIDE: &str = "10.0.0.2:8080";

    /// The status that refuses a request; 200 where it may pass.
    fn status(guard: &Guard, local: &str, headers: &[(&'static str, &str)]) -> u16 {
        let mut request = Request::get("/healthz");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        match guard.check(&mut request, local.parse().unwrap()) {
            Ok(_) => 200,
            Err(refusal) => ServerResponse::from(refusal).status().as_u16(),
        }
    }

    #[test]
    fn names_of_a_server_on_its_own_machine() {
        let guard = Guard::new(&["pipelines.example".into()], &[]);
        let plain = Guard::new(&[], &[]);
        for (host, local, without, with) in [
            ("localhost:8080", LOOPBACK, 200, 200),
            ("LOCALHOST.", LOOPBACK, 200, 200),
            ("app.localhost:1", LOOPBACK, 200, 200),
            ("127.0.0.1:8080", LOOPBACK, 200, 200),
            ("127.0.0.2", LOOPBACK, 200, 200),
            ("[::1]:8080", LOOPBACK, 200, 200),
            ("[::1]:8080", "[::1]:8080", 200, 200),
            ("127.0.0.1", "[::ffff:127.0.0.1]:80", 200, 200),
            ("pipelines.example:80", LOOPBACK, 421, 200),
            ("evil.example:8080", LOOPBACK, 421, 421),
            ("localhost.evil.example", LOOPBACK, 421, 421),
            ("127.0.0.1.evil.example", LOOPBACK, 421, 421),
            ("10.0.0.2", LOOPBACK, 421, 421),
            ("evil.example", OUTSIDE, 200, 421),
            ("pipelines.example", OUTSIDE, 200, 200),
            ("10.0.0.2:8080", OUTSIDE, 200, 200),
            ("user@localhost", LOOPBACK, 400, 400),
            ("", LOOPBACK, 400, 400),
            ("a b", OUTSIDE, 400, 400),
        ] {
            let headers = [("host", host)];
            assert_eq!(status(&plain, local, &headers), without, "{host} {local}");
            assert_eq!(status(&guard, local, &headers), with, "{host} {local}");
        }
        assert_eq!(status(&plain, LOOPBACK, &[]), 400);
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(status(&plain, LOOPBACK, &twice), 400);
    }

    #[test]
    fn pages_of_other_origins() {
        let allowed = Origin::parse("http://localhost:3000").unwrap();
        let guard = Guard::new(&[], &[allowed]);
        for (origin, host, expected) in [
            ("http://localhost:8080", "localhost:8080", 200),
            ("https://api.example", "api.example", 200),
            ("https://api.example:443", "API.example", 200),
            ("http://localhost:3000", "127.0.0.1:8080", 200),
            ("http://localhost:3001", "127.0.0.1:8080", 403),
            ("http://127.0.0.1:8080", "localhost:8080", 403),
            ("https://evil.example", "localhost:8080", 403),
            ("http://localhost", "localhost:8080", 403),
            ("null", "localhost:8080", 403),
            ("", "localhost:8080", 403),
            ("http://localhost:8080/", "localhost:8080", 403),
        ] {
            let headers = [("host", host), ("origin", origin)];
            assert_eq!(
                status(&guard, OUTSIDE, &headers),
                expected,
                "{origin} {host}"
            );
        }
        let twice = [
            ("host", "localhost:8080"),
            ("origin", "http://localhost:8080"),
            ("origin", "https://evil.example"),
        ];
        assert_eq!(status(&guard, LOOPBACK, &twice), 403);
    }

    #[test]
    fn clients_that_need_not_name_the_server() {
        let mut request = Request::get("/")
            .version(Version::HTTP_10)
            .body(())
            .unwrap();
        let guard = Guard::new(&["pipelines.example".into()], &[]);
        assert!(guard.check(&mut request, LOOPBACK.parse().unwrap()).is_ok());
        assert_eq!(request.headers()[header::HOST], LOOPBACK);
    }

    #[test]
    fn options_that_mean_nothing_are_refused() {
        for text in [
            "",
            "example.org",
            "http://a/b",
            "http://a/",
            "http://u@a",
            "*",
            "null",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
        for text in ["", "a:80", "http://a", "u@a", "a/b"] {
            assert!(parse_host(text).is_err(), "{text}");
        }
        assert_eq!(parse_host("Example.org").unwrap(), "example.org");
    }
}
