//! A document as read from text, each part with its place.
