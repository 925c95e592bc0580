//! What people with bad intentions, or bad luck, try: each test is named after
//! the attack that it proves to be without effect.

mod files;
mod isolation;
mod limits;
mod loader;
mod packages;
#[cfg(feature = "webrtc")]
mod peers;
mod server;
mod terminal;
