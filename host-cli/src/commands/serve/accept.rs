//! What a client takes for an answer.

use http::{HeaderMap, header};

/// The media types that a client accepts, those that it likes best first, without
/// their parameters and in lower case.
pub(super) fn accepted(headers: &HeaderMap) -> Vec<String> {
    let given = headers.get_all(header::ACCEPT).iter();
    let given = given.filter_map(|value| value.to_str().ok());
    let mut types: Vec<(f32, String)> = given
        .flat_map(|value| value.split(','))
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().filter(|name| !name.is_empty())?;
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            let quality = quality.map_or(1.0, |text| text.parse().unwrap_or(0.0));
            (quality > 0.0).then(|| (quality, name.to_ascii_lowercase()))
        })
        .collect();
    // Those that are liked as well stay in order.
    types.sort_by(|a, b| b.0.total_cmp(&a.0));
    types.into_iter().map(|(_, name)| name).collect()
}

/// The one that it likes best, where it says so.
pub(super) fn first(headers: &HeaderMap) -> Option<String> {
    accepted(headers).into_iter().next()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_best_comes_first() {
        let mut headers = HeaderMap::new();
        assert_eq!(first(&headers), None);
        let value = "audio/wav;q=0.5, */*;q=0.1,audio/FLAC ; level=1, image/png;q=0, text/x;q=x";
        headers.append(header::ACCEPT, HeaderValue::from_static(value));
        headers.append(header::ACCEPT, HeaderValue::from_static("image/jpeg"));
        let names = ["audio/flac", "image/jpeg", "audio/wav", "*/*"];
        assert_eq!(accepted(&headers), names);
    }
}
