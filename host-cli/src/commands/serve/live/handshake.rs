//! How an HTTP connection becomes a WebSocket (RFC 6455, section 4.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use pipeline_host::http::ResponseBody;
use sha1_smol::Sha1;

use super::super::responses::{self, ServerResponse};

/// What a key is hashed with.
const SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION: &str = "13";

/// The answer that makes a connection a WebSocket.
pub(super) fn accept(headers: &HeaderMap) -> Result<ServerResponse, ServerResponse> {
    let has = |name: HeaderName, token: &str| {
        let values = headers.get_all(name).iter();
        let mut tokens = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        tokens.any(|given| given.trim().eq_ignore_ascii_case(token))
    };
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    let key = key.filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16));
    let asks = has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket");
    let (Some(key), true) = (key, asks && has(header::SEC_WEBSOCKET_VERSION, VERSION)) else {
        let text = "here is a WebSocket of version 13; its client asks for it by the headers Connection, \
                    Upgrade, Sec-WebSocket-Version and Sec-WebSocket-Key";
        let status = StatusCode::UPGRADE_REQUIRED;
        let mut answer = responses::error(status, "upgrade-required", text.into());
        let headers = answer.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        let version = HeaderValue::from_static(VERSION);
        headers.insert(header::SEC_WEBSOCKET_VERSION, version);
        return Err(answer);
    };
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(SUFFIX.as_bytes());
    let mut answer = ServerResponse::new(ResponseBody::full(""));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accepted) = STANDARD.encode(hash.digest().bytes()).parse() {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accepted);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_specification() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            let refused = accept(&headers).err().unwrap();
            assert_eq!(refused.status(), 426);
            headers.insert(name, HeaderValue::from_static(value));
        }
        let answer = accept(&headers).ok().unwrap();
        assert_eq!(answer.status(), 101);
        let accepted = &answer.headers()["sec-websocket-accept"];
        assert_eq!(accepted, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
