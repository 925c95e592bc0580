//! Offers, and the answers to them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::SdpOffer;
use str0m::{Candidate, Rtc, RtcConfig};
use thiserror::Error;

/// The longest offer that is read, in bytes; browsers' are a tenth of it.
pub const LONGEST: usize = 64 << 10;

/// How many packets are waited for in place of one that is missing, and how long.
const REORDERED: usize = 3;
const REORDERING: Duration = Duration::from_millis(60);

/// What a peer is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It brings audio: WHIP.
    Publisher,
    /// It hears what a pipeline gives: WHEP.
    Viewer,
}

/// Why an offer is not answered.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// All places are taken.
    #[error("there are {0} peers already, which is all that there may be")]
    Full(usize),
    /// Too many are not connected yet.
    #[error("{0} peers are on their way already; try again in a few seconds")]
    Handshakes(usize),
    /// The offer is longer than any that means something.
    #[error("the offer is longer than {LONGEST} bytes")]
    TooLong,
    /// The offer is no SDP, or says what can't be.
    #[error("the offer can't be read: {0}")]
    Invalid(String),
    /// The offer is one that is not for us.
    #[error("{0}")]
    Unacceptable(&'static str),
    /// No more peers are taken.
    #[error("the server is about to end")]
    Ending,
    /// Something that no offer can help.
    #[error("no connection can be made: {0}")]
    Internal(String),
}

/// What an answer has in common with the others.
pub(crate) fn config() -> RtcConfig {
    let provider = str0m::crypto::from_feature_flags();
    let certificate = provider.dtls_provider.generate_certificate();
    let config = RtcConfig::new()
        .set_crypto_provider(provider.into())
        // It sends nothing to addresses that an offer names, before a peer has
        // shown there that it knows what the answer says.
        .set_ice_lite(true)
        .clear_codecs()
        .enable_opus(true, false)
        .set_reordering_size_audio(REORDERED)
        .set_reordering_timeout_audio(Some(REORDERING))
        .set_sctp_max_message_size(crate::line::LONGEST as u32)
        .set_sctp_max_buffered_amount(2 * crate::line::LONGEST);
    match certificate {
        // One for all: to make one takes longer than all else here.
        Some(certificate) => config.set_dtls_cert(certificate),
        None => config,
    }
}

/// An offer's answer.
pub(crate) struct Answer {
    /// The connection to be.
    pub(crate) rtc: Rtc,
    pub(crate) text: String,
    /// Whether a data channel was offered.
    pub(crate) channel: bool,
}

/// Answers an offer for who can be reached at `local`.
pub(crate) fn answer(
    config: &RtcConfig,
    offer: &str,
    role: Role,
    local: SocketAddr,
) -> Result<Answer, Refusal> {
    if offer.len() > LONGEST {
        return Err(Refusal::TooLong);
    }
    let invalid = |error: String| Refusal::Invalid(error);
    let read = SdpOffer::from_sdp_string(offer).map_err(|error| invalid(error.to_string()))?;
    let channel = judge(offer, role)?;
    let mut rtc = config.clone().build(Instant::now());
    let candidate = Candidate::host(local, "udp").map_err(|error| invalid(error.to_string()))?;
    rtc.add_local_candidate(candidate);
    let answer = rtc.sdp_api().accept_offer(read);
    let answer = answer.map_err(|error| invalid(error.to_string()))?;
    let text = answer.to_sdp_string();
    Ok(Answer { rtc, text, channel })
}

/// Refuses what would be answered without use; says whether there is a data channel.
fn judge(offer: &str, role: Role) -> Result<bool, Refusal> {
    let (mut audio, mut channels, mut directions) = (0, 0, Vec::new());
    let mut in_audio = false;
    for line in offer.lines().map(str::trim_end) {
        if let Some(medium) = line.strip_prefix("m=") {
            in_audio = medium.starts_with("audio ");
            audio += usize::from(in_audio);
            channels += usize::from(medium.starts_with("application "));
        } else if in_audio {
            directions.extend(
                line.strip_prefix("a=")
                    .filter(|it| matches!(*it, "sendonly" | "recvonly" | "sendrecv" | "inactive")),
            );
        }
    }
    let direction = directions.first().copied().unwrap_or("sendrecv");
    let sends = matches!(direction, "sendonly" | "sendrecv");
    let text = match role {
        _ if audio > 1 => "the offer has several tracks of audio; one is taken",
        _ if audio + channels == 0 => "the offer has neither audio nor a data channel",
        Role::Publisher if audio == 1 && !sends => {
            "the offer's audio is not sent (a=sendonly or a=sendrecv), which WHIP is for; WHEP is \
             for listening"
        }
        Role::Viewer if audio == 1 && direction != "recvonly" => {
            "the offer's audio is not received alone (a=recvonly), which WHEP is for; WHIP is for \
             sending"
        }
        _ => return Ok(channels > 0),
    };
    Err(Refusal::Unacceptable(text))
}

#[cfg(test)]
mod tests {
    use str0m::media::{Direction, MediaKind};

    use super::*;

    fn offer(directions: &[Direction], channel: bool) -> String {
        let mut rtc = config().set_ice_lite(false).build(Instant::now());
        let candidate = Candidate::host("127.0.0.1:5000".parse().unwrap(), "udp").unwrap();
        rtc.add_local_candidate(candidate);
        let mut changes = rtc.sdp_api();
        for direction in directions {
            changes.add_media(MediaKind::Audio, *direction, None, None, None);
        }
        if channel {
            changes.add_channel("items".into());
        }
        changes.apply().unwrap().0.to_sdp_string()
    }

    fn refused(text: &str, role: Role) -> Option<Refusal> {
        let local = "127.0.0.1:4000".parse().unwrap();
        answer(&config(), text, role, local).err()
    }

    #[test]
    fn answers_are_those_of_ice_lite_with_our_one_address() {
        let local = "127.0.0.1:4000".parse().unwrap();
        let text = offer(&[Direction::SendRecv], true);
        let answer = answer(&config(), &text, Role::Publisher, local).unwrap();
        assert!(answer.channel);
        let answer = answer.text;
        for part in [
            "a=ice-lite",
            "a=setup:passive",
            "opus/48000/2",
            "127.0.0.1 4000 typ host",
        ] {
            assert!(answer.contains(part), "{part}: {answer}");
        }
        let candidates = || {
            answer
                .lines()
                .filter(|line| line.starts_with("a=candidate"))
        };
        assert!(candidates().count() > 0, "{answer}");
        assert!(
            candidates().all(|line| line.contains("127.0.0.1 4000")),
            "{answer}"
        );
    }

    #[test]
    fn offers_are_for_what_their_peers_are_there_for() {
        use Direction::{RecvOnly, SendOnly, SendRecv};
        use Role::{Publisher, Viewer};
        for (directions, channel, role, taken) in [
            (&[SendOnly][..], false, Publisher, true),
            (&[SendRecv], true, Publisher, true),
            (&[RecvOnly], true, Publisher, false),
            (&[], true, Publisher, true),
            (&[SendOnly, SendOnly], false, Publisher, false),
            (&[RecvOnly], false, Viewer, true),
            (&[SendRecv], true, Viewer, false),
            (&[], true, Viewer, true),
        ] {
            let refused = refused(&offer(directions, channel), role);
            let unacceptable = matches!(refused, Some(Refusal::Unacceptable(_)));
            assert_eq!(unacceptable, !taken, "{directions:?} {channel} {role:?}");
            assert_eq!(refused.is_none(), taken, "{refused:?}");
        }
    }

    #[test]
    fn what_is_no_offer_is_refused() {
        let good = offer(&[Direction::SendOnly], false);
        let without = |what: &str| {
            let lines = good.lines().filter(|line| !line.contains(what));
            lines.flat_map(|line| [line, "\r\n"]).collect::<String>()
        };
        for text in [
            String::new(),
            "hello".into(),
            "m=audio 9 x".into(),
            without("a=fingerprint"),
            without("a=ice-ufrag"),
            without("v=0"),
            good[..good.len() / 2].into(),
        ] {
            assert!(refused(&text, Role::Publisher).is_some(), "{text}");
        }
        let long = good + &"a=x\r\n".repeat(LONGEST / 5);
        assert_eq!(refused(&long, Role::Publisher), Some(Refusal::TooLong));
    }
}
